/** A worker's part of the time series. It keeps only what it has not yet handed on. */
import { FINE_BINS, fineBin } from "./latency-bins.ts";
import { OUTCOMES, type Outcome } from "./outcomes.ts";
import { BUCKET_MS } from "./series.ts";

/** What one worker saw in one bucket. */
export interface BucketRecord {
  /** The bucket's number: `atMs` / BUCKET_MS. */
  readonly index: number;
  sent: number;
  /** Answers, by the outcome's number in OUTCOMES. */
  readonly outcomes: Uint32Array<ArrayBuffer>;
  /** Answers by latency: see latency-bins.ts. */
  readonly latency: Uint32Array<ArrayBuffer>;
  maxLatencyUs: number;
  /** Negative when nothing was sent. */
  maxSendLagUs: number;
}

/** What a worker tells of the series now and then. */
export interface FinishedBuckets {
  /** The buckets that have ended since the last time, without the empty ones. */
  readonly buckets: readonly BucketRecord[];
  /** All buckets with a lower number have been told; infinite at the end of the run. */
  readonly bucketsUntil: number;
}

const BUCKET_US = BUCKET_MS * 1000;

export class SeriesRecorder {
  #finished: BucketRecord[] = [];
  #current: BucketRecord | undefined;

  countSent(nowUs: number, lagUs: number): void {
    const bucket = this.#bucketAt(nowUs);
    bucket.sent++;
    if (lagUs > bucket.maxSendLagUs) bucket.maxSendLagUs = lagUs;
  }

  countAnswer(nowUs: number, outcome: Outcome, latencyUs: number): void {
    const bucket = this.#bucketAt(nowUs);
    const number = OUTCOMES.indexOf(outcome);
    bucket.outcomes[number] = (bucket.outcomes[number] ?? 0) + 1;
    const bin = fineBin(latencyUs);
    bucket.latency[bin] = (bucket.latency[bin] ?? 0) + 1;
    if (latencyUs > bucket.maxLatencyUs) bucket.maxLatencyUs = latencyUs;
  }

  /** Hands over the buckets in which something happened and that ended before this time. */
  takeFinished(nowUs: number): FinishedBuckets {
    const bucketsUntil = Math.max(0, Math.floor(nowUs / BUCKET_US));
    if (this.#current !== undefined && this.#current.index < bucketsUntil) {
      this.#finished.push(this.#current);
      this.#current = undefined;
    }
    return { buckets: this.#finished.splice(0), bucketsUntil };
  }

  /** Times never go back. One before the start, by the clock's grain, is in the first bucket. */
  #bucketAt(nowUs: number): BucketRecord {
    const index = Math.max(0, Math.floor(nowUs / BUCKET_US));
    if (this.#current !== undefined && this.#current.index >= index) return this.#current;
    if (this.#current !== undefined) this.#finished.push(this.#current);
    this.#current = {
      index,
      sent: 0,
      outcomes: new Uint32Array(OUTCOMES.length),
      latency: new Uint32Array(FINE_BINS),
      maxLatencyUs: 0,
      maxSendLagUs: -1,
    };
    return this.#current;
  }
}
