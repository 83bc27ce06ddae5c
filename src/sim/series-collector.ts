/** Puts the workers' parts of the time series together, bucket after bucket. */
import { addCounts } from "./latency.ts";
import { binPercentileUs, coarseBins, FINE_BINS, totalOf } from "./latency-bins.ts";
import { OUTCOMES } from "./outcomes.ts";
import { BUCKET_MS, type SeriesBucket, type ServerGauges } from "./series.ts";
import type { BucketRecord, FinishedBuckets } from "./series-recorder.ts";
import { noOutcomes } from "./tally.ts";

export interface SeriesSource {
  readonly workers: number;
  /** Arrivals that are due in each bucket. */
  readonly due: Uint32Array;
  /** What the server last said of itself before this time, in ms after the start of the run. */
  gaugesAt(atMs: number): ServerGauges;
}

/** How many of these due times fall into each bucket. */
export function countDue(dueUs: readonly Float64Array[]): Uint32Array {
  const lastUs = Math.max(0, ...dueUs.map((times) => times.at(-1) ?? 0));
  const due = new Uint32Array(bucketOf(lastUs) + 1);
  for (const times of dueUs) {
    for (const timeUs of times) due[bucketOf(timeUs)] = (due[bucketOf(timeUs)] ?? 0) + 1;
  }
  return due;
}

function bucketOf(us: number): number {
  return Math.floor(us / (BUCKET_MS * 1000));
}

export class SeriesCollector {
  /** The finished buckets, from the start of the run, without a gap. */
  readonly buckets: SeriesBucket[] = [];
  readonly #source: SeriesSource;
  /** What has come of buckets that are not finished yet. */
  readonly #pending = new Map<number, BucketRecord[]>();
  /** For each worker: it has told all of the buckets before this one. */
  readonly #toldUntil: number[];

  constructor(source: SeriesSource) {
    this.#source = source;
    this.#toldUntil = new Array<number>(source.workers).fill(0);
  }

  /** Takes what a worker tells; buckets that all workers have told of are then finished. */
  add(worker: number, { buckets, bucketsUntil }: FinishedBuckets): void {
    for (const record of buckets) {
      const others = this.#pending.get(record.index);
      if (others === undefined) this.#pending.set(record.index, [record]);
      else others.push(record);
    }
    this.#toldUntil[worker] = bucketsUntil;
    const finishedUntil = Math.min(...this.#toldUntil);
    while (this.buckets.length < finishedUntil && this.#hasNext(finishedUntil)) this.#finishNext();
  }

  /** At the end of the run the series ends with the last bucket in which something happened. */
  #hasNext(finishedUntil: number): boolean {
    return (
      Number.isFinite(finishedUntil) ||
      this.#pending.size > 0 ||
      this.buckets.length < this.#source.due.length
    );
  }

  #finishNext(): void {
    const index = this.buckets.length;
    const records = this.#pending.get(index) ?? [];
    this.#pending.delete(index);
    const outcomes = noOutcomes();
    const latency = new Uint32Array(FINE_BINS);
    for (const record of records) {
      for (const [number, outcome] of OUTCOMES.entries()) {
        outcomes[outcome] += record.outcomes[number] ?? 0;
      }
      addCounts(latency, record.latency);
    }
    const atMs = index * BUCKET_MS;
    const maxSendLagUs = Math.max(-1, ...records.map((record) => record.maxSendLagUs));
    this.buckets.push({
      atMs,
      due: this.#source.due[index] ?? 0,
      sent: records.reduce((sum, record) => sum + record.sent, 0),
      outcomes,
      latencyMs: summarize(latency, Math.max(0, ...records.map((record) => record.maxLatencyUs))),
      latencyBins: coarseBins(latency),
      maxSendLagMs: maxSendLagUs < 0 ? null : toMs(maxSendLagUs),
      server: this.#source.gaugesAt(atMs + BUCKET_MS),
    });
  }
}

function summarize(latency: Uint32Array, maxUs: number): SeriesBucket["latencyMs"] {
  const total = totalOf(latency);
  if (total === 0) return null;
  const percentile = (percent: number) => toMs(binPercentileUs(latency, total, percent, maxUs));
  return { p50: percentile(50), p90: percentile(90), p99: percentile(99), max: toMs(maxUs) };
}

/** Microseconds are what the clock tells; more digits would only make the files longer. */
function toMs(us: number): number {
  return Math.round(us) / 1000;
}
