/** Where a run stands while it goes on, gathered from its workers for whoever displays it. */
import { LatencyCounter, type LiveLatency } from "./live-latency.ts";
import type { WorkerProgress } from "./messages.ts";
import { OUTCOMES } from "./outcomes.ts";
import { BUCKET_MS, type SeriesBucket, type ServerGauges } from "./series.ts";
import { soldOutAfterMs } from "./series-reading.ts";
import { noOutcomes, type OutcomeCounts } from "./tally.ts";

/** Rates are those of the last second. */
const RECENT_BUCKETS = 1_000 / BUCKET_MS;

/** What a display shows, at one moment. All counts are since the start. */
export interface Snapshot {
  readonly elapsedMs: number;
  readonly durationMs: number;
  readonly scheduled: number;
  readonly due: number;
  readonly sent: number;
  readonly shed: number;
  readonly outcomes: OutcomeCounts;
  readonly stock: number;
  /** Coupons that nobody was told of yet. */
  readonly remaining: number;
  readonly soldOutAfterMs: number | null;
  /** Of the last second. */
  readonly offeredPerSecond: number;
  readonly achievedPerSecond: number;
  /** The longest of the last second, from due to sent. */
  readonly sendLagMs: number;
  readonly issuedLatency: LiveLatency | null;
  readonly soldOutLatency: LiveLatency | null;
  /** The newest that is known. */
  readonly server: ServerGauges;
  /** Members that were told of more coupons than the stock held; 0 while all is right. */
  readonly overStock: number;
  /** Members that were told of a second coupon, or twice of a new one. */
  readonly duplicates: number;
  /** From the start of the run, without a gap. */
  readonly series: readonly SeriesBucket[];
}

export interface LivePlan {
  readonly durationMs: number;
  readonly scheduled: number;
  readonly stock: number;
  readonly issuedBefore: number;
}

const NO_GAUGES: ServerGauges = { remaining: null, queueDepth: null, writerBacklog: null };

export class LiveRun {
  readonly #plan: LivePlan;
  readonly #series: () => readonly SeriesBucket[];
  readonly #nowMs: () => number;
  readonly #workers = new Map<number, WorkerProgress>();
  #startsAtMs = 0;

  /** @param series the finished buckets, whenever asked */
  constructor(
    plan: LivePlan,
    series: () => readonly SeriesBucket[],
    nowMs: () => number = () => performance.now(),
  ) {
    this.#plan = plan;
    this.#series = series;
    this.#nowMs = nowMs;
  }

  /** The clock starts in so many ms. */
  begin(inMs = 0): void {
    this.#startsAtMs = this.#nowMs() + inMs;
  }

  /** A worker has said how far it is. */
  update(worker: number, progress: WorkerProgress): void {
    this.#workers.set(worker, progress);
  }

  snapshot(): Snapshot {
    const { durationMs, scheduled, stock, issuedBefore } = this.#plan;
    const series = this.#series();
    const recent = series.slice(-RECENT_BUCKETS);
    const outcomes = noOutcomes();
    const latency = new LatencyCounter();
    for (const progress of this.#workers.values()) {
      for (const outcome of OUTCOMES) outcomes[outcome] += progress.outcomes[outcome];
      latency.add(progress.latency);
    }
    const coupons = stock - issuedBefore;
    return {
      elapsedMs: Math.max(0, this.#nowMs() - this.#startsAtMs),
      durationMs,
      scheduled,
      due: this.#sum((each) => each.due),
      sent: this.#sum((each) => each.sent),
      shed: this.#sum((each) => each.shed),
      outcomes,
      stock,
      remaining: Math.max(0, coupons - outcomes.issued),
      soldOutAfterMs: soldOutAfterMs(series, coupons),
      offeredPerSecond: perSecond(recent, (bucket) => bucket.due),
      achievedPerSecond: perSecond(recent, (bucket) => bucket.sent),
      sendLagMs: Math.max(0, ...recent.map((bucket) => bucket.maxSendLagMs ?? 0)),
      issuedLatency: latency.of("issued"),
      soldOutLatency: latency.of("soldOut"),
      server: series.at(-1)?.server ?? NO_GAUGES,
      overStock: Math.max(0, outcomes.issued - coupons),
      duplicates: this.#sum((each) => each.duplicates),
      series,
    };
  }

  #sum(count: (progress: WorkerProgress) => number): number {
    return [...this.#workers.values()].reduce((sum, progress) => sum + count(progress), 0);
  }
}

function perSecond(
  buckets: readonly SeriesBucket[],
  count: (bucket: SeriesBucket) => number,
): number {
  const sum = buckets.reduce((total, bucket) => total + count(bucket), 0);
  return buckets.length === 0 ? 0 : (sum * 1000) / (buckets.length * BUCKET_MS);
}
