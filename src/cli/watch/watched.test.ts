import { expect, test } from "bun:test";
import type { LiveSnapshot } from "../../server/http/live-schema.ts";
import { retryPauseMs } from "./feed-client.ts";
import { countdown, plainLine } from "./watch-text.ts";
import { Watched } from "./watched.ts";

const START_MS = Date.parse("2026-11-22T10:00:00Z");

function snapshot(remaining: number, atMs: number): LiveSnapshot {
  return {
    id: "launch",
    name: "Launch",
    state: "open",
    stock: 100,
    issued: 100 - remaining,
    remaining,
    currentWindow: { opensAt: "2026-11-22T10:00:00.000Z", closesAt: "2026-11-22T10:01:00.000Z" },
    nextWindow: null,
    issuedPerSecond: 3,
    refusedPerSecond: null,
    isEngineAvailable: true,
    serverTime: new Date(START_MS + atMs).toISOString(),
  };
}

test("the server's clock is that of the message that was the least late", () => {
  let nowMs = 0;
  const watched = new Watched(() => nowMs);
  // Late by 300, 20 and 500 ms.
  for (const [sentMs, lateMs] of [
    [0, 300],
    [1_000, 20],
    [2_000, 500],
  ] as const) {
    nowMs = sentMs + lateMs;
    watched.snapshot(snapshot(50, sentMs));
  }
  expect(watched.moment().serverNowMs - START_MS).toBe(2_480);
});

test("the stock's way is kept evenly in time, and never grows beyond a bound", () => {
  let nowMs = 0;
  const watched = new Watched(() => nowMs);
  watched.snapshot(snapshot(90, 0));
  nowMs = 1_000;
  watched.snapshot(snapshot(40, 1_000));
  nowMs = 1_300;
  expect(watched.moment().remaining).toEqual([90, 90, 90, 90, 90, 40]);
  nowMs = 24 * 3_600_000;
  const { remaining } = watched.moment();
  expect(remaining.length).toBeLessThanOrEqual(2_400);
  expect(remaining.length).toBeGreaterThan(1_000);
  expect([remaining[0], remaining.at(-1)]).toEqual([90, 40]);
});

test("pauses double up to a bound, and are spread", () => {
  expect([0, 1, 2, 9].map((failures) => retryPauseMs(failures, 1))).toEqual([
    500, 1_000, 2_000, 10_000,
  ]);
  expect(retryPauseMs(0, 0)).toBe(250);
});

test("words", () => {
  expect([-5, 1, 42_000, 65_000, 7_205_000, 273_600_000].map(countdown)).toEqual([
    "0 s",
    "1 s",
    "42 s",
    "1:05",
    "2:00:05",
    "3 d 4 h",
  ]);
  let nowMs = 0;
  const watched = new Watched(() => nowMs);
  watched.snapshot(snapshot(40, 0));
  nowMs = 18_000;
  expect(plainLine(watched.moment())).toBe(
    "10:00:18Z  open  left 40 of 100  3/s issued  closes in 42 s",
  );
});
