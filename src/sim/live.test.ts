import { expect, test } from "bun:test";
import { RUSH_SERIES } from "../../test/support/rush.ts";
import { LiveRun } from "./live.ts";
import { LatencyCounter } from "./live-latency.ts";
import type { WorkerProgress } from "./messages.ts";
import { progressLine } from "./plain-view.ts";
import { noOutcomes } from "./tally.ts";

/** A worker's word: so many due, sent and issued since the start, and how long those took. */
function progress(due: number, sent: number, issuedUs: readonly number[]): WorkerProgress {
  const latency = new LatencyCounter();
  for (const us of issuedUs) latency.count("issued", us);
  return {
    due,
    sent,
    shed: 0,
    outcomes: { ...noOutcomes(), issued: issuedUs.length },
    latency: latency.toRecord(),
    duplicates: 0,
    buckets: [],
    bucketsUntil: 0,
  };
}

const PLAN = { durationMs: 2_000, scheduled: 20_000, stock: 12_100, issuedBefore: 100 };

test("adds up the workers' last words, and takes the rates from the series", () => {
  let nowMs = 50_000;
  const live = new LiveRun(
    PLAN,
    () => RUSH_SERIES.slice(0, 12),
    () => nowMs,
  );
  live.begin(100);
  expect(live.snapshot()).toMatchObject({ elapsedMs: 0, sent: 0, issuedLatency: null });
  nowMs += 1_300;
  live.update(0, progress(500, 400, [9_000_000]));
  live.update(0, progress(6_000, 5_990, [1_000, 1_000, 1_000]));
  live.update(1, progress(6_000, 6_000, [3_000]));
  const snapshot = live.snapshot();
  expect(snapshot).toMatchObject({
    elapsedMs: 1_200,
    due: 12_000,
    sent: 11_990,
    outcomes: { issued: 4 },
    remaining: 11_996,
    offeredPerSecond: 10_000,
    sendLagMs: 0.4,
    soldOutAfterMs: 1_200,
    soldOutLatency: null,
    server: { queueDepth: 51 },
    overStock: 0,
  });
  expect(snapshot.achievedPerSecond).toBeCloseTo(9_989, 0);
  expect(snapshot.issuedLatency?.max).toBe(3);
  expect(snapshot.issuedLatency?.p50).toBeCloseTo(1, 1);
  expect(progressLine(snapshot)).toBe(
    "1 s  offered 10,000/s  sent 9,989/s  issued 4  sold out 0  other or under way 11,986  " +
      "p99 issued 3.00 ms, sold out –  left 11,996",
  );
});

test("tells what is wrong at once", () => {
  const live = new LiveRun({ ...PLAN, stock: 101 }, () => []);
  live.update(0, { ...progress(3, 3, [1, 1, 1]), duplicates: 2 });
  live.update(1, { ...progress(1, 1, [1]), duplicates: 1 });
  expect(live.snapshot()).toMatchObject({ remaining: 0, overStock: 3, duplicates: 3 });
});
