/** How long a run's answers took so far, by outcome: small enough to be told ten times a second. */
import { addCounts } from "./latency.ts";
import { binPercentileUs, FINE_BINS, fineBin, totalOf } from "./latency-bins.ts";
import { OUTCOMES, type Outcome } from "./outcomes.ts";

/** What crosses threads. Both are by the outcome's number in OUTCOMES. */
export interface LatencyRecord {
  /** FINE_BINS counts for each outcome. */
  readonly bins: Uint32Array<ArrayBuffer>;
  readonly maxUs: Float64Array<ArrayBuffer>;
}

/** Of some answers, in ms; the percentiles are some three percent wide. */
export interface LiveLatency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class LatencyCounter {
  readonly #bins = new Uint32Array(OUTCOMES.length * FINE_BINS);
  readonly #maxUs = new Float64Array(OUTCOMES.length);

  count(outcome: Outcome, us: number): void {
    const number = OUTCOMES.indexOf(outcome);
    const at = number * FINE_BINS + fineBin(us);
    this.#bins[at] = (this.#bins[at] ?? 0) + 1;
    this.#maxUs[number] = Math.max(this.#maxUs[number] ?? 0, us);
  }

  /** Adds what another thread counted. */
  add({ bins, maxUs }: LatencyRecord): void {
    addCounts(this.#bins, bins);
    for (const [number, us] of maxUs.entries()) {
      this.#maxUs[number] = Math.max(this.#maxUs[number] ?? 0, us);
    }
  }

  toRecord(): LatencyRecord {
    return { bins: this.#bins.slice(), maxUs: this.#maxUs.slice() };
  }

  /** All answers of this outcome; null without any. */
  of(outcome: Outcome): LiveLatency | null {
    const number = OUTCOMES.indexOf(outcome);
    const bins = this.#bins.subarray(number * FINE_BINS, (number + 1) * FINE_BINS);
    return summarize(bins, this.#maxUs[number] ?? 0);
  }
}

function summarize(bins: Uint32Array, maxUs: number): LiveLatency | null {
  const total = totalOf(bins);
  if (total === 0) return null;
  const percentile = (percent: number) => binPercentileUs(bins, total, percent, maxUs) / 1000;
  return { p50: percentile(50), p99: percentile(99), max: maxUs / 1000 };
}
