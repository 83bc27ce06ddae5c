import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { binPercentileUs, coarseBins, FINE_BINS, fineBin } from "./latency-bins.ts";
import { LATENCY_BIN_BOUNDS_MS, type ServerGauges } from "./series.ts";
import { countDue, SeriesCollector } from "./series-collector.ts";
import { SeriesRecorder } from "./series-recorder.ts";

describe("latency bins", () => {
  const latency = fc.double({ min: 0, max: 120_000_000, noNaN: true });

  test("coarse bins count by their bounds", () => {
    fc.assert(
      fc.property(fc.array(latency), (latenciesUs) => {
        const fine = new Uint32Array(FINE_BINS);
        const expected = new Array<number>(LATENCY_BIN_BOUNDS_MS.length + 1).fill(0);
        for (const us of latenciesUs) {
          fine[fineBin(us)] = (fine[fineBin(us)] ?? 0) + 1;
          const index = LATENCY_BIN_BOUNDS_MS.findIndex((bound) => us <= bound * 1000);
          const bin = index === -1 ? LATENCY_BIN_BOUNDS_MS.length : index;
          expected[bin] = (expected[bin] ?? 0) + 1;
        }
        expect(coarseBins(fine)).toEqual(expected);
      }),
    );
  });

  test("percentiles are at most three percent above the true ones, and never above the largest", () => {
    const some = fc.array(fc.double({ min: 100, max: 60_000_000, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(some, fc.constantFrom(1, 50, 90, 99, 100), (latenciesUs, percentile) => {
        const fine = new Uint32Array(FINE_BINS);
        for (const us of latenciesUs) fine[fineBin(us)] = (fine[fineBin(us)] ?? 0) + 1;
        const sorted = latenciesUs.toSorted((one, other) => one - other);
        const exact = sorted[Math.ceil((sorted.length * percentile) / 100) - 1] ?? 0;
        const max = sorted.at(-1) ?? 0;
        const read = binPercentileUs(fine, latenciesUs.length, percentile, max);
        expect(read).toBeGreaterThanOrEqual(exact * 0.999_999);
        expect(read).toBeLessThanOrEqual(Math.min(exact * 1.03, max));
      }),
    );
  });
});

const gauges = (remaining: number): ServerGauges => ({
  remaining,
  queueDepth: null,
  writerBacklog: null,
});

describe("the series of two workers", () => {
  test("a bucket is finished when both have told of it; gaps are filled; the sums are right", () => {
    const due = [new Float64Array([0, 150_000, 199_999]), new Float64Array([100_000, 450_000])];
    const asked: number[] = [];
    const collector = new SeriesCollector({
      workers: 2,
      due: countDue(due),
      gaugesAt: (atMs) => {
        asked.push(atMs);
        return gauges(atMs);
      },
    });
    const [one, other] = [new SeriesRecorder(), new SeriesRecorder()];
    one.countSent(1_000, 1_000);
    one.countAnswer(2_000, "issued", 2_000);
    one.countAnswer(160_000, "soldOut", 10_000);
    other.countSent(100_500, 500);
    other.countAnswer(190_000, "soldOut", 90_000);
    collector.add(0, one.takeFinished(250_000));
    expect(collector.buckets).toEqual([]);
    collector.add(1, other.takeFinished(150_000));
    expect(collector.buckets).toHaveLength(1);
    expect(collector.buckets[0]).toMatchObject({
      atMs: 0,
      due: 1,
      sent: 1,
      latencyMs: { p50: 2, p90: 2, p99: 2, max: 2 },
      maxSendLagMs: 1,
      server: gauges(100),
    });
    collector.add(1, other.takeFinished(300_000));
    expect(collector.buckets[1]).toMatchObject({
      atMs: 100,
      due: 3,
      sent: 1,
      outcomes: { issued: 0, soldOut: 2 },
      latencyMs: { p99: 90, max: 90 },
      maxSendLagMs: 0.5,
    });
    one.countAnswer(610_000, "unknown", 600_000);
    collector.add(0, one.takeFinished(Number.POSITIVE_INFINITY));
    collector.add(1, other.takeFinished(Number.POSITIVE_INFINITY));
    expect(collector.buckets.map((bucket) => bucket.atMs)).toEqual([
      0, 100, 200, 300, 400, 500, 600,
    ]);
    expect(collector.buckets[2]).toMatchObject({ sent: 0, latencyMs: null, maxSendLagMs: null });
    expect(collector.buckets[4]?.due).toBe(1);
    expect(collector.buckets[6]?.outcomes.unknown).toBe(1);
    expect(asked).toEqual([100, 200, 300, 400, 500, 600, 700]);
  });

  test("nothing is told twice, and the bucket under way not yet", () => {
    const recorder = new SeriesRecorder();
    recorder.countSent(50_000, 0);
    expect(recorder.takeFinished(99_999)).toEqual({ buckets: [], bucketsUntil: 0 });
    expect(recorder.takeFinished(100_000).buckets.map(({ index }) => index)).toEqual([0]);
    expect(recorder.takeFinished(200_000)).toEqual({ buckets: [], bucketsUntil: 2 });
  });
});
