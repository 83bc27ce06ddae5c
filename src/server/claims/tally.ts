/**
 * What became of an event's claims in this process, as plain numbers: the combiner counts in loops
 * that it runs anyway, and whoever shows them reads them when asked.
 */
import type { ClaimOutcome } from "./engine.ts";

/** `failed`: the engine did not say; the claim may or may not have been decided. */
export type CountedOutcome = ClaimOutcome | "overloaded" | "failed";

export const COUNTED_OUTCOMES = [
  "issued",
  "already_issued",
  "sold_out",
  "not_open",
  "window_exhausted",
  "paused",
  "ended",
  "overloaded",
  "failed",
] as const satisfies readonly CountedOutcome[];

/** Upper bounds of batches, in claims; the largest is the combiner's. */
export const BATCH_SIZE_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] as const;

/** Upper bounds of one call of the engine, in ms. */
export const ENGINE_CALL_BOUNDS_MS = [
  0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048,
] as const;

/** How often a value fell at or below each bound, and above the last. */
export class Distribution {
  /** One more than there are bounds; not cumulative. */
  readonly counts: number[];
  sum = 0;

  constructor(readonly bounds: readonly number[]) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    let bin = 0;
    while (bin < this.bounds.length && value > (this.bounds[bin] ?? 0)) bin++;
    this.counts[bin] = (this.counts[bin] ?? 0) + 1;
    this.sum += value;
  }
}

export class ClaimTally {
  readonly outcomes: Record<CountedOutcome, number> = {
    issued: 0,
    already_issued: 0,
    sold_out: 0,
    not_open: 0,
    window_exhausted: 0,
    paused: 0,
    ended: 0,
    overloaded: 0,
    failed: 0,
  };
  readonly batchSize = new Distribution(BATCH_SIZE_BOUNDS);
  readonly engineCallMs = new Distribution(ENGINE_CALL_BOUNDS_MS);

  /** A batch that the engine has decided. */
  countBatch(claims: number, engineCallMs: number): void {
    this.batchSize.add(claims);
    this.engineCallMs.add(engineCallMs);
  }
}

/** Claims that were told no, for whatever reason; 0 for an event that had no claims. */
export function refusals(tally: ClaimTally | undefined): number {
  if (tally === undefined) return 0;
  const { issued, already_issued, ...refused } = tally.outcomes;
  return Object.values(refused).reduce((sum, count) => sum + count, 0);
}
