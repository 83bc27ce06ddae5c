import { expect, test } from "bun:test";
import { createHistogram, encodeHistogram, recordUs } from "./latency.ts";
import { LiveRun } from "./live.ts";
import type { WorkerProgress } from "./messages.ts";
import { progressLine } from "./plain-view.ts";
import { noOutcomes } from "./tally.ts";

/** A worker's word: so many due, sent and issued since the start, and latencies since its last. */
function progress(
  due: number,
  sent: number,
  issued: number,
  latenciesUs: number[],
): WorkerProgress {
  const latency = createHistogram();
  for (const us of latenciesUs) recordUs(latency, us);
  const outcomes = { ...noOutcomes(), issued };
  const series = { buckets: [], bucketsUntil: 0 };
  return { due, sent, shed: 0, outcomes, latency: encodeHistogram(latency), ...series };
}

const PLAN = { durationMs: 10_000, scheduled: 10_000, stock: 5_000, issuedBefore: 100 };

test("adds up the workers, and tells the rates and latencies of the last second", () => {
  let nowMs = 50_000;
  const live = new LiveRun(PLAN, () => nowMs);
  live.begin();
  expect(live.snapshot()).toMatchObject({ elapsedMs: 0, sent: 0, remaining: 4_900, p99Ms: 0 });
  live.update(0, progress(0, 0, 0, [9_000_000]));
  for (let second = 1; second <= 3; second++) {
    nowMs += 1_000;
    live.update(0, progress(second * 600, second * 500, second * 400, [1_000]));
    live.update(1, progress(second * 400, second * 400, second * 300, [3_000]));
  }
  const snapshot = live.snapshot();
  expect(snapshot).toMatchObject({
    elapsedMs: 3_000,
    due: 3_000,
    sent: 2_700,
    offeredPerSecond: 1_000,
    achievedPerSecond: 900,
    remaining: 2_800,
  });
  expect(snapshot.outcomes.issued).toBe(2_100);
  expect(snapshot.p50Ms).toBeCloseTo(1, 1);
  // What was slow in the beginning is no longer recent.
  expect(snapshot.p99Ms).toBeCloseTo(3, 1);
  expect(progressLine(snapshot)).toStartWith(
    "3 s  offered 1,000/s  sent 900/s  issued 2,100  sold out 0  other or under way 600",
  );
});
