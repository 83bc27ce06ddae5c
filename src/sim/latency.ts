/**
 * How long things took, counted in the layout of an HDR histogram: whole microseconds, three digits,
 * of bounded size. The library reads and writes the histograms, but its own recording takes two
 * logarithms and a power for a value, of which a request has four.
 */
import { build, type Histogram } from "hdr-histogram-js";

/** Longer spans are counted as this one: an hour. */
const HIGHEST_US = 3_600_000_000;

/** Three digits take 2,000 steps to a power of two; above the first ones only half of them are new. */
const STEP_BITS = 11;
const NEW_STEP_BITS = STEP_BITS - 1;
const WIDEST_SHIFT = 32 - STEP_BITS;
const FIRST_STEPS = 2 ** STEP_BITS - 1;

/** In how many slots spans are counted: 94 KiB of counts. */
export const LATENCY_SLOTS = slotOf(HIGHEST_US) + 1;

/** The slot of a span; a negative one, by the clock's grain, is none. */
export function slotOf(us: number): number {
  const whole = Math.min(HIGHEST_US, Math.max(0, Math.round(us)));
  const shift = WIDEST_SHIFT - Math.clz32(whole | FIRST_STEPS);
  return (shift << NEW_STEP_BITS) + (whole >>> shift);
}

/** The shortest span of a slot, in µs. */
export function lowestUsOf(slot: number): number {
  const shift = Math.max(0, (slot >>> NEW_STEP_BITS) - 1);
  return (slot - (shift << NEW_STEP_BITS)) * 2 ** shift;
}

/** Adds each count to the sum at its place. By index: ten times a second an iterator is felt. */
export function addCounts(sums: Uint32Array, counts: Uint32Array): void {
  for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] ?? 0) + (counts[at] ?? 0);
}

export class LatencyCounts {
  /** By slot; fit to cross threads. */
  readonly bySlot = new Uint32Array(LATENCY_SLOTS);

  /** Counts one span, in µs. */
  count(us: number): void {
    const slot = slotOf(us);
    this.bySlot[slot] = (this.bySlot[slot] ?? 0) + 1;
  }

  /** Adds what another thread counted, by slot. */
  add(bySlot: Uint32Array): void {
    addCounts(this.bySlot, bySlot);
  }

  /** The same as a histogram of the library's, in which each span is the longest of its slot. */
  toHistogram(): Histogram {
    const histogram = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: HIGHEST_US,
      numberOfSignificantValueDigits: 3,
      bitBucketSize: 32,
    });
    for (let slot = 0; slot < LATENCY_SLOTS; slot++) {
      const count = this.bySlot[slot] ?? 0;
      if (count > 0) histogram.recordValueWithCount(lowestUsOf(slot + 1) - 1, count);
    }
    return histogram;
  }
}

/** The value, in ms, that this percentage of the recorded ones do not exceed; 0 without any. */
export function percentileMs(histogram: Histogram, percentile: number): number {
  return histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1000;
}
