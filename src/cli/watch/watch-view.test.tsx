/** Frames of the view from fixed moments, on a terminal that is not there. */
import { expect, test } from "bun:test";
import { lastFrame } from "../../../test/support/frame.ts";
import type { LiveSnapshot } from "../../server/http/live-schema.ts";
import type { TerminalSize } from "../../sim/tui/frame-size.ts";
import { WatchView, type WatchViewProps } from "./watch-view.tsx";
import type { WatchedMoment } from "./watched.ts";

const SMALL: TerminalSize = { columns: 80, rows: 24 };

const OPEN: LiveSnapshot = {
  id: "launch",
  name: "Spring sale",
  state: "open",
  stock: 100_000,
  issued: 60_000,
  remaining: 40_000,
  currentWindow: { opensAt: "2026-11-22T10:00:00.000Z", closesAt: "2026-11-22T10:01:00.000Z" },
  nextWindow: { opensAt: "2026-11-22T12:00:00.000Z", closesAt: "2026-11-22T12:01:00.000Z" },
  issuedPerSecond: 7_500,
  refusedPerSecond: 12,
  isEngineAvailable: true,
  serverTime: "2026-11-22T10:00:18.000Z",
};

const RUSH: WatchedMoment = {
  snapshot: OPEN,
  line: { kind: "live" },
  server: { engine: "embedded", queueDepth: 47, writerBacklog: 1_200 },
  serverNowMs: Date.parse("2026-11-22T10:00:18.400Z"),
  nowMs: 50_000,
  snapshotAtMs: 49_900,
  remaining: Array.from({ length: 33 }, (_, point) => 100_000 - point * 1_875),
};

/** As much as there can be of everything, with names and figures as long as they get. */
const LONG: WatchedMoment = {
  ...RUSH,
  snapshot: {
    ...OPEN,
    name: "A very long name of a giveaway ".repeat(6).trim(),
    stock: 10_000_000,
    remaining: 9_999_999,
    issuedPerSecond: 1_000_000,
    refusedPerSecond: 1_000_000,
    isEngineAvailable: false,
  },
  line: { kind: "lost", reason: "the server was silent ".repeat(9), retryAtMs: 52_300 },
  server: { engine: "embedded", queueDepth: 10_000_000, writerBacklog: 10_000_000 },
};

async function frame(
  moment: WatchedMoment,
  terminal: TerminalSize,
  rest: Partial<WatchViewProps> = {},
): Promise<string[]> {
  const url = "http://127.0.0.1:8080";
  const props = { moment, terminal, eventId: "launch", url, isPaused: false, showsHelp: false };
  return await lastFrame(<WatchView {...props} {...rest} />, terminal);
}

test("80 × 24, in the rush", async () => {
  expect((await frame(RUSH, SMALL)).join("\n")).toMatchInlineSnapshot(`
    "couponlive watch                                                    10:00:18 UTC

    event     Spring sale launch   open
    windows   closes in 42 s   the next opens in 1:59:42
    rate      7,500/s issued   12/s refused

    stock     40,000 of 100,000 left   gone in 5.3 s at this rate
              ███▇▇▅▅▃▃▁▁
              ███████████▇▇▆▆▄▄▂▂▂
              ██████████████████████▆▆▅▅▃▃▁▁
              ██████████████████████████████▇▇▅▅▄▄▄▂▂
              █████████████████████████████████████████▆▆▄▄▃▃▁▁
              █████████████████████████████████████████████████▇▇▅▅▅▃▃▂▂
              ████████████████████████████████████████████████████████████▆▆▄▄▂▂▁▁
              ████████████████████████████████████████████████████████████████████▇▇
              ██████████████████████████████████████████████████████████████████████
              ██████████████████████████████████████████████████████████████████████
              ██████████████████████████████████████████████████████████████████████
              ██████████████████████████████████████████████████████████████████████

    server    http://127.0.0.1:8080   embedded engine   queue 47   ledger backlog 1…
    feed      ● live
    q stop · p pause the display · ? help"
  `);
});

test.each([
  [SMALL, 23],
  [{ columns: 120, rows: 40 }, 35],
  [{ columns: 72, rows: 20 }, 19],
])(
  "%j: the same height whatever happens, lower than the terminal, and no wider",
  async (terminal, height) => {
    const waiting = {
      ...RUSH,
      snapshot: undefined,
      remaining: [],
      line: { kind: "connecting" },
    } as const;
    const frames = [
      await frame(RUSH, terminal),
      await frame(LONG, terminal),
      await frame(LONG, terminal, { isPaused: true }),
      await frame(RUSH, terminal, { showsHelp: true }),
      await frame(waiting, terminal),
    ];
    for (const lines of frames) {
      expect(lines).toHaveLength(height);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(terminal.columns);
    }
  },
);

test("what the line and the engine are about shows", async () => {
  const text = (await frame(LONG, SMALL)).join("\n");
  expect(text).toContain("feed      lost, again in 3 s: the server was silent");
  const quiet = await frame({ ...RUSH, nowMs: 110_000 }, SMALL);
  expect(quiet.join("\n")).toContain("● live   nothing new for 1:01");
  const away = { ...RUSH, snapshot: { ...OPEN, isEngineAvailable: false } };
  expect((await frame(away, SMALL)).join("\n")).toContain("open the engine does not answer");
  expect((await frame(RUSH, SMALL, { isPaused: true }))[0]).toContain("display paused");
});

test("between windows the next one is counted down to, with its time", async () => {
  const snapshot = { ...OPEN, state: "between_windows", currentWindow: null } as const;
  const text = (await frame({ ...RUSH, snapshot }, SMALL)).join("\n");
  expect(text).toContain("between windows");
  expect(text).toContain("windows   opens in 1:59:42, at 2026-11-22 12:00:00 UTC");
});

test("a terminal that is too small gets one line", async () => {
  expect(await frame(RUSH, { columns: 60, rows: 24 })).toEqual([
    "couponlive: the view needs 72 × 20; q stops",
  ]);
});
