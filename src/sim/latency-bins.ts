/**
 * The latency bins of a bucket of the series, finer than what is shown so that percentiles can be
 * read from them: eight to each bin of LATENCY_BIN_BOUNDS_MS, some three percent wide.
 */
import { LATENCY_SLOTS, lowestUsOf, slotOf } from "./latency.ts";
import { LATENCY_BIN_BOUNDS_MS } from "./series.ts";

const FINE_PER_BIN = 8;
const FIRST_BOUND_US = (LATENCY_BIN_BOUNDS_MS[0] ?? 0) * 1000;
const BINS_PER_OCTAVE =
  1 / Math.log2((LATENCY_BIN_BOUNDS_MS[1] ?? 0) / (LATENCY_BIN_BOUNDS_MS[0] ?? 0));

/** Bin 0 is all up to the first bound, the last one has no bound. */
export const FINE_BINS = (LATENCY_BIN_BOUNDS_MS.length - 1) * FINE_PER_BIN + 2;

/** The upper bound of a fine bin; the last one has none. */
function boundUs(bin: number): number {
  if (bin === FINE_BINS - 1) return Number.POSITIVE_INFINITY;
  return FIRST_BOUND_US * 2 ** (bin / (BINS_PER_OCTAVE * FINE_PER_BIN));
}

const BOUNDS_US = Float64Array.from({ length: FINE_BINS }, (_, bin) => boundUs(bin));

/** The bin of each slot's shortest span: instead of a logarithm for every answer. */
const BIN_OF_SLOT = binsOfSlots();

function binsOfSlots(): Uint16Array {
  const bins = new Uint16Array(LATENCY_SLOTS);
  let bin = 0;
  for (let slot = 0; slot < LATENCY_SLOTS; slot++) {
    while (lowestUsOf(slot) > (BOUNDS_US[bin] ?? Number.POSITIVE_INFINITY)) bin++;
    bins[slot] = bin;
  }
  return bins;
}

/** The fine bin of a latency. */
export function fineBin(us: number): number {
  const bin = BIN_OF_SLOT[slotOf(Math.floor(us))] ?? 0;
  // A slot is narrower than a bin, and may have the end of one within.
  return us > (BOUNDS_US[bin] ?? 0) ? bin + 1 : bin;
}

/** The counts by LATENCY_BIN_BOUNDS_MS, and one more for the rest. */
export function coarseBins(fine: Uint32Array): number[] {
  const coarse = new Array<number>(LATENCY_BIN_BOUNDS_MS.length + 1).fill(0);
  for (let bin = 0; bin < fine.length; bin++) {
    const index = Math.min(Math.ceil(bin / FINE_PER_BIN), LATENCY_BIN_BOUNDS_MS.length);
    coarse[index] = (coarse[index] ?? 0) + (fine[bin] ?? 0);
  }
  return coarse;
}

/** How many have been counted in all bins. */
export function totalOf(counts: Uint32Array): number {
  let total = 0;
  for (let at = 0; at < counts.length; at++) total += counts[at] ?? 0;
  return total;
}

/**
 * The latency, in µs, that this percentage of those counted do not exceed, at most `maxUs`.
 *
 * @param total how many have been counted
 */
export function binPercentileUs(
  fine: Uint32Array,
  total: number,
  percentile: number,
  maxUs: number,
): number {
  const wanted = (total * percentile) / 100;
  let seen = 0;
  for (let bin = 0; bin < fine.length; bin++) {
    const count = fine[bin] ?? 0;
    seen += count;
    if (count > 0 && seen >= wanted) return Math.min(BOUNDS_US[bin] ?? maxUs, maxUs);
  }
  return maxUs;
}
