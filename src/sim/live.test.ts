import { expect, test } from "bun:test";
import { RUSH_SERIES } from "../../test/support/rush.ts";
import { LiveRun, type LiveSources } from "./live.ts";
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
    intrudersServed: 0,
    firstSoldOutUs: Number.POSITIVE_INFINITY,
    lastIssuedSentUs: Number.NEGATIVE_INFINITY,
    buckets: [],
    bucketsUntil: 0,
  };
}

const PLAN = { durationMs: 2_000, scheduled: 20_000, stock: 12_100, issuedBefore: 100 };

test("adds up the workers' last words, and takes the rates from the series", () => {
  let nowMs = 50_000;
  const live = new LiveRun(PLAN, { series: RUSH_SERIES.slice(0, 12), stock: null }, () => nowMs);
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
  const live = new LiveRun({ ...PLAN, stock: 101 }, { series: [], stock: 101 });
  live.update(0, { ...progress(3, 3, [1, 1, 1]), duplicates: 2, intrudersServed: 1 });
  live.update(1, { ...progress(1, 1, [1]), duplicates: 1, intrudersServed: 4 });
  const wrong = { remaining: 0, overStock: 3, duplicates: 3, intrudersServed: 5 };
  expect(live.snapshot()).toMatchObject(wrong);
});

/** Two workers: one had its first «sold out» at this time, the other one's claim was issued. */
function soldOutThenIssued(sources: LiveSources, soldOutMs: number, issuedSentMs: number): LiveRun {
  const live = new LiveRun(PLAN, sources);
  live.update(0, { ...progress(2, 2, []), firstSoldOutUs: soldOutMs * 1_000 });
  live.update(1, { ...progress(1, 1, [1]), lastIssuedSentUs: issuedSentMs * 1_000 });
  return live;
}

test("«sold out» was too early where a claim that was sent after it is issued", () => {
  const sources = { series: [], stock: PLAN.stock };
  const afterMs = (soldOutMs: number, issuedSentMs: number) =>
    soldOutThenIssued(sources, soldOutMs, issuedSentMs).snapshot().issuedAfterSoldOutMs;
  expect(afterMs(900, 500)).toBe(0);
  // As much as the judge allows for clocks.
  expect(afterMs(500, 520)).toBe(0);
  expect(afterMs(500, 521)).toBe(21);
  const nobody = new LiveRun(PLAN, sources);
  nobody.update(0, progress(1, 1, [1]));
  expect(nobody.snapshot().issuedAfterSoldOutMs).toBe(0);
});

test("a restock puts the lamps out, for good, and counts as stock", () => {
  const sources = { series: [], stock: PLAN.stock };
  const live = soldOutThenIssued(sources, 500, 900);
  live.update(1, { ...progress(12_010, 12_010, new Array(12_010).fill(1)), lastIssuedSentUs: 9e5 });
  const wrong = { overStock: 10, issuedAfterSoldOutMs: 400, restocked: false };
  expect(live.snapshot()).toMatchObject(wrong);
  sources.stock = 12_200;
  const right = { stock: 12_200, remaining: 90, overStock: 0, issuedAfterSoldOutMs: 0 };
  expect(live.snapshot()).toMatchObject({ ...right, restocked: true });
  sources.stock = PLAN.stock;
  expect(live.snapshot()).toMatchObject({ issuedAfterSoldOutMs: 0, restocked: true });
});
