/** What can be read from a run's time series. */
import type { SeriesBucket } from "./series.ts";
import { BUCKET_MS } from "./series.ts";

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

/** NDJSON, a bucket a line. */
export function seriesText(series: readonly SeriesBucket[]): string {
  return series.map((bucket) => `${JSON.stringify(bucket)}\n`).join("");
}
