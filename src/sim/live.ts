/** Where a run stands while it goes on, gathered from its workers for whoever displays it. */
import { LatencyCounter, type LiveLatency } from "./live-latency.ts";
import type { WorkerProgress } from "./messages.ts";
import { CLOCK_ALLOWANCE_MS } from "./oracle-times.ts";
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
  /** The newest that is known. */
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
  /** Claims without a valid credential that were told of a coupon. */
  readonly intrudersServed: number;
  /**
   * How long after the first «sold out» had come a claim was sent that was told «issued»; 0 while
   * none was. Such a coupon was decided after the «sold out», whatever any clock says.
   */
  readonly issuedAfterSoldOutMs: number;
  /** The server has told of another stock than the run began with. */
  readonly restocked: boolean;
  /** From the start of the run, without a gap. */
  readonly series: readonly SeriesBucket[];
}

export interface LivePlan {
  readonly durationMs: number;
  readonly scheduled: number;
  readonly stock: number;
  readonly issuedBefore: number;
}

/** What a run knows of itself beside what its workers tell. */
export interface LiveSources {
  /** The finished buckets. */
  readonly series: readonly SeriesBucket[];
  /** The event's stock as the server told it last; null before. */
  readonly stock: number | null;
}

const NO_GAUGES: ServerGauges = { remaining: null, queueDepth: null, writerBacklog: null };

export class LiveRun {
  readonly #plan: LivePlan;
  readonly #sources: LiveSources;
  readonly #nowMs: () => number;
  readonly #workers = new Map<number, WorkerProgress>();
  #startsAtMs = 0;
  #restocked = false;

  /** @param sources read whenever a snapshot is taken */
  constructor(plan: LivePlan, sources: LiveSources, nowMs: () => number = () => performance.now()) {
    this.#plan = plan;
    this.#sources = sources;
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
    const { durationMs, scheduled, issuedBefore } = this.#plan;
    const { series } = this.#sources;
    const stock = this.#sources.stock ?? this.#plan.stock;
    // For good: after a restock coupons may rightly follow a «sold out».
    if (stock !== this.#plan.stock) this.#restocked = true;
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
      intrudersServed: this.#sum((each) => each.intrudersServed),
      issuedAfterSoldOutMs: this.#restocked ? 0 : this.#issuedAfterSoldOutMs(),
      restocked: this.#restocked,
      series,
    };
  }

  /** Over all workers: one may be told «sold out», and another one «issued». */
  #issuedAfterSoldOutMs(): number {
    const workers = [...this.#workers.values()];
    const firstSoldOutUs = Math.min(...workers.map((each) => each.firstSoldOutUs));
    const lastIssuedSentUs = Math.max(...workers.map((each) => each.lastIssuedSentUs));
    const afterMs = (lastIssuedSentUs - firstSoldOutUs) / 1000;
    return afterMs > CLOCK_ALLOWANCE_MS ? afterMs : 0;
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
