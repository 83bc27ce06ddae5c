/**
 * The latency bins of a bucket of the series, finer than what is shown so that percentiles can be
 * read from them: eight to each bin of LATENCY_BIN_BOUNDS_MS, some three percent wide.
 */
import { LATENCY_BIN_BOUNDS_MS } from "./series.ts";

const FINE_PER_BIN = 8;
const FIRST_BOUND_US = (LATENCY_BIN_BOUNDS_MS[0] ?? 0) * 1000;
const BINS_PER_OCTAVE =
  1 / Math.log2((LATENCY_BIN_BOUNDS_MS[1] ?? 0) / (LATENCY_BIN_BOUNDS_MS[0] ?? 0));

/** Bin 0 is all up to the first bound, the last one has no bound. */
export const FINE_BINS = (LATENCY_BIN_BOUNDS_MS.length - 1) * FINE_PER_BIN + 2;

/** The fine bin of a latency. */
export function fineBin(us: number): number {
  if (us <= FIRST_BOUND_US) return 0;
  const bin = Math.ceil(Math.log2(us / FIRST_BOUND_US) * BINS_PER_OCTAVE * FINE_PER_BIN);
  return Math.min(bin, FINE_BINS - 1);
}

/** The upper bound of a fine bin; the last one has none. */
function boundUs(bin: number): number {
  if (bin === FINE_BINS - 1) return Number.POSITIVE_INFINITY;
  return FIRST_BOUND_US * 2 ** (bin / (BINS_PER_OCTAVE * FINE_PER_BIN));
}

/** The counts by LATENCY_BIN_BOUNDS_MS, and one more for the rest. */
export function coarseBins(fine: Uint32Array): number[] {
  const coarse = new Array<number>(LATENCY_BIN_BOUNDS_MS.length + 1).fill(0);
  for (const [bin, count] of fine.entries()) {
    const index = Math.min(Math.ceil(bin / FINE_PER_BIN), LATENCY_BIN_BOUNDS_MS.length);
    coarse[index] = (coarse[index] ?? 0) + count;
  }
  return coarse;
}

/** The latency, in µs, that this percentage of those counted do not exceed, at most `maxUs`. */
export function binPercentileUs(fine: Uint32Array, percentile: number, maxUs: number): number {
  const wanted = (fine.reduce((sum, count) => sum + count, 0) * percentile) / 100;
  let seen = 0;
  for (const [bin, count] of fine.entries()) {
    seen += count;
    if (count > 0 && seen >= wanted) return Math.min(boundUs(bin), maxUs);
  }
  return maxUs;
}
