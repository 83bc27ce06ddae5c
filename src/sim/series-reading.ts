/** What can be read from a run's time series. */
import { OUTCOMES } from "./outcomes.ts";
import { BUCKET_MS, LATENCY_BIN_BOUNDS_MS, type SeriesBucket } from "./series.ts";
import { noOutcomes } from "./tally.ts";

/**
 * When the last of so many coupons was told to its member: the end of its bucket, in ms from the
 * start; null when some were left at the end of the series, or there were none to begin with.
 */
export function soldOutAfterMs(series: readonly SeriesBucket[], coupons: number): number | null {
  if (coupons <= 0) return null;
  let issued = 0;
  for (const bucket of series) {
    issued += bucket.outcomes.issued;
    if (issued >= coupons) return bucket.atMs + BUCKET_MS;
  }
  return null;
}

/** Coupons that no member was told of yet, at the end of each bucket. */
export function remainingCoupons(series: readonly SeriesBucket[], coupons: number): number[] {
  let remaining = coupons;
  return series.map((bucket) => {
    remaining = Math.max(0, remaining - bucket.outcomes.issued);
    return remaining;
  });
}

/** Some buckets in a row as one. */
export interface MergedBucket extends SeriesBucket {
  /** From `atMs` to its end. */
  readonly spanMs: number;
}

/**
 * The course of a run in at most so many buckets, each of as many as the others but the last; as it
 * is where it has no more. The percentiles of what was merged are known to the width of a latency
 * bin, 26 %; the maximum is exact. Of the server's queue and backlog the largest is kept.
 */
export function mergeBuckets(series: readonly SeriesBucket[], most: number): MergedBucket[] {
  const each = Math.max(1, Math.ceil(series.length / most));
  return Array.from({ length: Math.ceil(series.length / each) }, (_, index) =>
    merge(series.slice(index * each, (index + 1) * each)),
  );
}

function merge(buckets: readonly SeriesBucket[]): MergedBucket {
  const [first] = buckets;
  const last = buckets.at(-1);
  if (first === undefined || last === undefined) throw new Error("nothing was to be merged");
  if (first === last) return { ...first, spanMs: BUCKET_MS };
  const outcomes = noOutcomes();
  const latencyBins = new Array<number>(LATENCY_BIN_BOUNDS_MS.length + 1).fill(0);
  for (const bucket of buckets) {
    for (const outcome of OUTCOMES) outcomes[outcome] += bucket.outcomes[outcome];
    for (const [bin, count] of bucket.latencyBins.entries()) {
      latencyBins[bin] = (latencyBins[bin] ?? 0) + count;
    }
  }
  return {
    atMs: first.atMs,
    spanMs: last.atMs + BUCKET_MS - first.atMs,
    due: buckets.reduce((sum, { due }) => sum + due, 0),
    sent: buckets.reduce((sum, { sent }) => sum + sent, 0),
    outcomes,
    latencyMs: summarizeBins(latencyBins, largest(buckets.map(({ latencyMs }) => latencyMs?.max))),
    latencyBins,
    maxSendLagMs: largest(buckets.map(({ maxSendLagMs }) => maxSendLagMs)),
    server: {
      remaining: last.server.remaining,
      queueDepth: largest(buckets.map(({ server }) => server.queueDepth)),
      writerBacklog: largest(buckets.map(({ server }) => server.writerBacklog)),
    },
  };
}

function summarizeBins(bins: readonly number[], maxMs: number | null): MergedBucket["latencyMs"] {
  if (maxMs === null) return null;
  const total = bins.reduce((sum, count) => sum + count, 0);
  const percentile = (percent: number) => {
    let seen = 0;
    const bin = bins.findIndex((count) => {
      seen += count;
      return count > 0 && seen >= (total * percent) / 100;
    });
    return Math.min(LATENCY_BIN_BOUNDS_MS[bin] ?? maxMs, maxMs);
  };
  return { p50: percentile(50), p90: percentile(90), p99: percentile(99), max: maxMs };
}

function largest(values: readonly (number | null | undefined)[]): number | null {
  return values.reduce<number | null>(
    (most, value) => (value == null ? most : Math.max(most ?? value, value)),
    null,
  );
}

/** NDJSON, a bucket a line. */
export function seriesText(series: readonly SeriesBucket[]): string {
  return series.map((bucket) => `${JSON.stringify(bucket)}\n`).join("");
}
