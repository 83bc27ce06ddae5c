/** Numbers that follow from a seed, so that a run can be repeated. */

/**
 * A generator of numbers in [0, 1): mulberry32, by Tommy Ettinger.
 *
 * @param stream generators of one seed with different streams have nothing to do with each other
 */
export function seededRandom(seed: number, stream = 0): () => number {
  let state = (seed ^ Math.imul(stream, 0x9e37_79b9)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
