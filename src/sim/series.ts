/**
 * The course of a run in buckets of 100 ms: what `--series` writes, the HTML report draws and the
 * terminal shows. A bucket's size does not depend on the load, so a run's memory is bounded by its
 * length.
 */
import type { OutcomeCounts } from "./tally.ts";

export const BUCKET_MS = 100;

/**
 * Upper bounds, in ms, of the latency bins of a bucket: three to a factor of two, from 0.1 ms to
 * about a minute. The last bin has no bound.
 */
export const LATENCY_BIN_BOUNDS_MS: readonly number[] = Array.from(
  { length: 60 },
  (_, index) => 0.1 * 2 ** (index / 3),
);

/** What a server said of itself at some moment; null where it does not tell. */
export interface ServerGauges {
  /** Coupons that are left, by the engine's own count. */
  readonly remaining: number | null;
  /** Claims that wait for the engine. */
  readonly queueDepth: number | null;
  /** Issuances decided and not yet in the ledger. */
  readonly writerBacklog: number | null;
}

/** What happened from `atMs` to `atMs + BUCKET_MS`, counted from the start of the run. */
export interface SeriesBucket {
  readonly atMs: number;
  /** Arrivals that were due. */
  readonly due: number;
  readonly sent: number;
  /** Answers by their outcome, in the bucket in which they came. */
  readonly outcomes: OutcomeCounts;
  /** From due to answered, over all answers of the bucket; null without any. */
  readonly latencyMs: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  } | null;
  /** Answers by latency: element i counts those up to LATENCY_BIN_BOUNDS_MS[i], the last the rest. */
  readonly latencyBins: readonly number[];
  /** From due to sent, the largest of the bucket; null when nothing was sent. */
  readonly maxSendLagMs: number | null;
  readonly server: ServerGauges;
}
