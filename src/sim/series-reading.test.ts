import { expect, test } from "bun:test";
import fc from "fast-check";
import { RUSH_SERIES } from "../../test/support/rush.ts";
import { OUTCOMES } from "./outcomes.ts";
import { BUCKET_MS, type SeriesBucket } from "./series.ts";
import { mergeBuckets } from "./series-reading.ts";

/** The rush over and over, for so many buckets. */
function seriesOf(length: number): SeriesBucket[] {
  return Array.from({ length }, (_, index) => {
    const bucket = RUSH_SERIES[index % RUSH_SERIES.length];
    if (bucket === undefined) throw new Error("no series");
    return { ...bucket, atMs: index * BUCKET_MS };
  });
}

const sum = (series: readonly SeriesBucket[], count: (bucket: SeriesBucket) => number) =>
  series.reduce((total, bucket) => total + count(bucket), 0);

test("merged buckets are few enough, without a gap, and nothing of them is lost", () => {
  fc.assert(
    fc.property(fc.nat(200), fc.integer({ min: 1, max: 40 }), (length, most) => {
      const series = seriesOf(length);
      const merged = mergeBuckets(series, most);
      expect(merged.length).toBeLessThanOrEqual(most);
      let endMs = 0;
      for (const { atMs, spanMs } of merged) {
        expect(atMs).toBe(endMs);
        endMs += spanMs;
      }
      expect(endMs).toBe(length * BUCKET_MS);
      for (const count of [
        (bucket: SeriesBucket) => bucket.due,
        (bucket: SeriesBucket) => bucket.sent,
        (bucket: SeriesBucket) => bucket.latencyBins.reduce((total, bin) => total + bin, 0),
        ...OUTCOMES.map((outcome) => (bucket: SeriesBucket) => bucket.outcomes[outcome]),
      ]) {
        expect(sum(merged, count)).toBe(sum(series, count));
      }
      const longest = (buckets: readonly SeriesBucket[]) =>
        Math.max(0, ...buckets.map(({ latencyMs }) => latencyMs?.max ?? 0));
      expect(longest(merged)).toBe(longest(series));
    }),
  );
});

test("a short run stays as it is; of a longer one percentiles are read from the bins", () => {
  const [first, second] = seriesOf(2);
  if (first === undefined || second === undefined) throw new Error("no series");
  expect(mergeBuckets([first, second], 2)).toEqual([
    { ...first, spanMs: BUCKET_MS },
    { ...second, spanMs: BUCKET_MS },
  ]);
  const quick = { ...first, latencyBins: first.latencyBins.map((_, bin) => (bin === 3 ? 98 : 0)) };
  const slow = {
    ...second,
    latencyBins: second.latencyBins.map((_, bin) => (bin === 30 ? 2 : 0)),
    latencyMs: { p50: 100, p90: 100, p99: 100, max: 101 },
    server: { remaining: 5, queueDepth: 7, writerBacklog: null },
  };
  const [merged] = mergeBuckets([{ ...quick, latencyMs: null }, slow], 1);
  expect(merged?.latencyMs).toEqual({
    p50: expect.closeTo(0.2),
    p90: expect.closeTo(0.2),
    p99: 101,
    max: 101,
  });
  expect(merged?.server).toEqual({ remaining: 5, queueDepth: 40, writerBacklog: 500 });
  const [empty] = mergeBuckets(
    [quick, slow].map((bucket) => ({ ...bucket, latencyMs: null, maxSendLagMs: null })),
    1,
  );
  expect([empty?.latencyMs, empty?.maxSendLagMs]).toEqual([null, null]);
});
