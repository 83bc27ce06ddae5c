/** Where a run stands while it goes on, gathered from its workers for whoever displays it. */
import type { Histogram } from "hdr-histogram-js";
import { createHistogram, decodeHistogram, percentileMs } from "./latency.ts";
import type { WorkerProgress } from "./messages.ts";
import { OUTCOMES } from "./outcomes.ts";
import { noOutcomes, type OutcomeCounts } from "./tally.ts";

/** Rates and percentiles are those of the last second or so. */
const RECENT_MS = 1_000;

/** What a display shows, at one moment. */
export interface Snapshot {
  readonly elapsedMs: number;
  readonly durationMs: number;
  readonly scheduled: number;
  readonly due: number;
  readonly sent: number;
  readonly outcomes: OutcomeCounts;
  readonly stock: number;
  /** Coupons that nobody was told of yet. */
  readonly remaining: number;
  /** Of the last second. */
  readonly offeredPerSecond: number;
  readonly achievedPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LivePlan {
  readonly durationMs: number;
  readonly scheduled: number;
  readonly stock: number;
  readonly issuedBefore: number;
}

interface Sample {
  readonly atMs: number;
  readonly due: number;
  readonly sent: number;
  readonly latency: Histogram;
}

export class LiveRun {
  readonly #plan: LivePlan;
  readonly #nowMs: () => number;
  readonly #workers = new Map<number, WorkerProgress>();
  #samples: Sample[] = [];
  #startedAtMs = 0;

  constructor(plan: LivePlan, nowMs: () => number = () => performance.now()) {
    this.#plan = plan;
    this.#nowMs = nowMs;
  }

  /** The clock starts. */
  begin(): void {
    this.#startedAtMs = this.#nowMs();
  }

  /** A worker has said how far it is. */
  update(worker: number, progress: WorkerProgress): void {
    this.#workers.set(worker, progress);
    const nowMs = this.#nowMs();
    this.#samples.push({
      atMs: nowMs,
      due: this.#sum((each) => each.due),
      sent: this.#sum((each) => each.sent),
      latency: decodeHistogram(progress.latency),
    });
    // The newest of those too old stays: it is where the recent ones are counted from.
    const firstRecent = this.#samples.findIndex((sample) => sample.atMs >= nowMs - RECENT_MS);
    this.#samples = this.#samples.slice(Math.max(0, firstRecent - 1));
  }

  snapshot(): Snapshot {
    const { durationMs, scheduled, stock, issuedBefore } = this.#plan;
    const outcomes = noOutcomes();
    for (const progress of this.#workers.values()) {
      for (const outcome of OUTCOMES) outcomes[outcome] += progress.outcomes[outcome];
    }
    const latency = createHistogram();
    // The first sample is where the recent ones are counted from, not one of them.
    for (const sample of this.#samples.slice(1)) latency.add(sample.latency);
    return {
      elapsedMs: this.#nowMs() - this.#startedAtMs,
      durationMs,
      scheduled,
      due: this.#sum((each) => each.due),
      sent: this.#sum((each) => each.sent),
      outcomes,
      stock,
      remaining: Math.max(0, stock - issuedBefore - outcomes.issued),
      offeredPerSecond: this.#recentRate((sample) => sample.due),
      achievedPerSecond: this.#recentRate((sample) => sample.sent),
      p50Ms: percentileMs(latency, 50),
      p99Ms: percentileMs(latency, 99),
    };
  }

  #sum(count: (progress: WorkerProgress) => number): number {
    return [...this.#workers.values()].reduce((sum, progress) => sum + count(progress), 0);
  }

  #recentRate(count: (sample: Sample) => number): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return ((count(last) - count(first)) * 1000) / (last.atMs - first.atMs);
  }
}
