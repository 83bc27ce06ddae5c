/** Frames of the live view from fixed snapshots, on a terminal that is not there. */
import { expect, test } from "bun:test";
import { lastFrame } from "../../../test/support/frame.ts";
import { RUSH_SERIES } from "../../../test/support/rush.ts";
import type { Snapshot } from "../live.ts";
import { OUTCOMES } from "../outcomes.ts";
import { noOutcomes, type OutcomeCounts } from "../tally.ts";
import type { TerminalSize } from "./frame-size.ts";
import { View, type ViewProps } from "./view.tsx";

const SMALL: TerminalSize = { columns: 80, rows: 24 };
const LARGE: TerminalSize = { columns: 120, rows: 40 };

const HALF_WAY: Snapshot = {
  elapsedMs: 800,
  durationMs: 2_000,
  scheduled: 20_000,
  due: 8_000,
  sent: 7_990,
  shed: 0,
  outcomes: { ...noOutcomes(), issued: 8_000 },
  stock: 12_000,
  remaining: 4_000,
  soldOutAfterMs: null,
  offeredPerSecond: 10_000,
  achievedPerSecond: 9_990,
  sendLagMs: 0.4,
  issuedLatency: { p50: 3.21, p99: 24.3, max: 33.6 },
  soldOutLatency: null,
  server: { remaining: 4_000, queueDepth: 47, writerBacklog: 1_200 },
  overStock: 0,
  duplicates: 0,
  intrudersServed: 0,
  issuedAfterSoldOutMs: 0,
  restocked: false,
  series: RUSH_SERIES.slice(0, 8),
};

/** A run in which all that can go wrong has gone wrong, with figures as long as they get. */
const BAD: Snapshot = {
  ...HALF_WAY,
  elapsedMs: 3_600_000,
  durationMs: 3_600_000,
  outcomes: manyOfEach(),
  remaining: 0,
  soldOutAfterMs: 1_200,
  due: 99_999_999,
  achievedPerSecond: 500_000,
  offeredPerSecond: 1_000_000,
  sendLagMs: 12_345,
  issuedLatency: { p50: 12_345, p99: 23_456, max: 34_567 },
  soldOutLatency: { p50: 12_345, p99: 23_456, max: 34_567 },
  server: { remaining: 99_999_999, queueDepth: 99_999, writerBacklog: 99_999_999 },
  overStock: 99_999,
  duplicates: 99_999,
  intrudersServed: 99_999,
  issuedAfterSoldOutMs: 1_234,
  series: RUSH_SERIES,
};

function manyOfEach(): OutcomeCounts {
  const outcomes = noOutcomes();
  for (const outcome of OUTCOMES) outcomes[outcome] = 99_999_999;
  return outcomes;
}

/** The last frame of the view, as lines without colours. */
async function frame(
  snapshot: Snapshot,
  terminal: TerminalSize,
  rest: Partial<ViewProps> = {},
): Promise<string[]> {
  const props = { snapshot, terminal, state: "running", showsHelp: false, ...rest } as const;
  return await lastFrame(<View {...props} />, terminal);
}

test("80 × 24, half way", async () => {
  expect((await frame(HALF_WAY, SMALL)).join("\n")).toMatchInlineSnapshot(`
    "couponlive                              0.8 s of 2.0 s ━━━━━━━━━━━━   1.2 s left

    stock     4,000 of 12,000 left   gone in 0.4 s at this rate
              ▇▇▇▇▆▆▆▄▄▄▄▃▃▃▂▂▂▂
              █████████████████████▇▇▇▇▆▆▆
    load      offered 10,000/s   achieved 9,990/s   lag 0.40 ms   10 waiting
    answers                          claims     p50 ms     p99 ms     max ms
              issued                  8,000       3.21       24.3       33.6
              already issued              0
              sold out                    0          –          –          –


       26 ms  ░░░░▒▒▒▒▒▒▒░░░       ░░░░▒▒▒
       10 ms  ▓▓▓▓███████▓▓▓░░░░   ▓▓▓▓███
      5.1 ms  ██████████████▓▓▓▓▒▒▒███████
      2.5 ms  ████████████████████████████
      1.3 ms  ▓▓▓▓▒▒▒░░░░▓▓▓███████▓▓▓▓▒▒▒
     0.63 ms  ░░░░       ░░░▓▓▓▓███░░░░
     0.32 ms                ░░░░▒▒▒
    latency   0 s           0.4 s         0.8 s         1.2 s         1.6 s
    server    queue 47   ledger backlog 1,200   coupons left 4,000
    so far    ● stock  ● one each  ● no intruder  ● sold out ok  ● answered
    q stop · p pause the display · ? help"
  `);
});

test.each([
  [SMALL, 23],
  [LARGE, 39],
  [{ columns: 72, rows: 20 }, 19],
  [{ columns: 300, rows: 100 }, 46],
])(
  "%j: the same height whatever happens, lower than the terminal, and no wider",
  async (terminal, height) => {
    const empty = { ...HALF_WAY, series: [], outcomes: noOutcomes(), issuedLatency: null };
    const frames = [
      await frame(HALF_WAY, terminal),
      await frame(BAD, terminal, { state: "stopping" }),
      await frame(HALF_WAY, terminal, { showsHelp: true }),
      await frame(empty, terminal, { state: "paused" }),
    ];
    for (const lines of frames) {
      expect(lines).toHaveLength(height);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(terminal.columns);
    }
  },
);

test("120 × 40 has more of the stock and of the latencies", async () => {
  const lines = await frame({ ...HALF_WAY, series: RUSH_SERIES }, LARGE);
  expect(lines.filter((line) => /^ {10}[█▇▆▅▄▃▂▁]/.test(line))).toHaveLength(6);
  expect(lines.filter((line) => /[\d.]+ m?s {2}[░▒▓█ ]*$/.test(line)).length).toBeGreaterThan(12);
});

test("what goes wrong shows", async () => {
  const text = (await frame(BAD, LARGE, { state: "stopping" })).join("\n");
  expect(text).toContain("couponlive  stopping");
  expect(text).toContain("0 of 12,000 left   sold out after 1.2 s");
  expect(text).toContain(
    "✗ 99,999 over stock  ✗ 99,999 got two  ✗ 99,999 to intruders  ✗ sold out 1.2 s too early  ✗ 199,999,998 failed",
  );
  expect(text).toContain("no answer 99,999,999   errors 99,999,999   other refusals");
});

test("the lamps fit the narrowest terminal; what is wrong comes first; a restock is told", async () => {
  const narrow = { columns: 72, rows: 20 };
  const lamps = async (change: Partial<Snapshot>) =>
    (await frame({ ...HALF_WAY, ...change }, narrow)).find((line) => line.startsWith("so far"));
  expect(await lamps({})).toEndWith("● answered");
  expect(await lamps({ intrudersServed: 3 })).toStartWith("so far    ✗ 3 to intruders  ● stock  ");
  expect(await lamps({ restocked: true })).toEndWith("● no intruder  ○ restocked  ● answered");
});

test("a paused display says so, and help says what the keys do", async () => {
  expect((await frame(HALF_WAY, SMALL, { state: "paused" }))[0]).toContain("display paused");
  expect((await frame(HALF_WAY, SMALL, { showsHelp: true })).join("\n")).toContain(
    "p          hold the display still; the load goes on",
  );
});

test("a terminal that is too small gets one line", async () => {
  expect(await frame(HALF_WAY, { columns: 60, rows: 24 })).toEqual([
    "couponlive: the view needs 72 × 20; q stops",
  ]);
});
