import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { build } from "hdr-histogram-js";
import { LATENCY_SLOTS, LatencyCounts, lowestUsOf, slotOf } from "./latency.ts";

/** As the counts' own one. */
const settings = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 3_600_000_000,
  numberOfSignificantValueDigits: 3,
  bitBucketSize: 32,
} as const;
const spanUs = fc.oneof(fc.nat(5_000), fc.integer({ min: 0, max: settings.highestTrackableValue }));

describe("latency counts", () => {
  test("are the histogram that the library would have recorded", () => {
    fc.assert(
      fc.property(fc.array(spanUs), (spansUs) => {
        const counts = new LatencyCounts();
        const expected = build(settings);
        for (const us of spansUs) {
          counts.count(us);
          expected.recordValue(us);
        }
        const { totalCount, ...summary } = counts.toHistogram().summary;
        expect(totalCount).toBe(spansUs.length);
        expect({ totalCount, ...summary, max: 0 }).toEqual({ ...expected.summary, max: 0 });
        // Of the longest one the slot is known, which is a thousandth wide.
        const longestUs = Math.max(0, ...spansUs);
        expect(summary.max).toBeGreaterThanOrEqual(longestUs);
        expect(summary.max).toBeLessThanOrEqual(longestUs * 1.001);
      }),
    );
  });

  test("have a slot for every span, and none that begins elsewhere", () => {
    fc.assert(
      fc.property(spanUs, (us) => {
        const slot = slotOf(us);
        expect(lowestUsOf(slot)).toBeLessThanOrEqual(us);
        expect(lowestUsOf(slot + 1)).toBeGreaterThan(us);
      }),
    );
    expect(slotOf(-3)).toBe(0);
    expect(slotOf(0.4)).toBe(0);
    expect(slotOf(1e12)).toBe(LATENCY_SLOTS - 1);
    expect(slotOf(Number.POSITIVE_INFINITY)).toBe(LATENCY_SLOTS - 1);
  });

  test("of two threads add up", () => {
    const [one, other] = [new LatencyCounts(), new LatencyCounts()];
    one.count(10);
    other.count(10);
    other.count(7_000_000);
    one.add(other.bySlot);
    expect(one.toHistogram().totalCount).toBe(3);
    expect(one.bySlot[10]).toBe(2);
  });
});
