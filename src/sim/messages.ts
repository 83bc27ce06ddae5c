/** What the main thread and a load worker tell each other. */
import type { TokenConfig } from "../config.ts";
import type { WorkerShare } from "./division.ts";
import type { LatencyRecord } from "./live-latency.ts";
import type { FinishedBuckets } from "./series-recorder.ts";
import type { OutcomeCounts, TallyRecord } from "./tally.ts";
import type { ToldArrays } from "./told.ts";
import type { ConnectionLimits, Target, Transport } from "./transport.ts";

/** All that a worker needs to prepare its part of the run. */
export interface WorkerPlan {
  readonly worker: number;
  readonly share: WorkerShare;
  /** How long arrivals go on, and how long after that a waiting one may still be sent. */
  readonly durationMs: number;
  readonly graceMs: number;
  /** How long a due request may wait for its connection before it is shed; without it, to the end. */
  readonly maxWaitMs: number | undefined;
  readonly transport: Transport;
  readonly target: Target;
  /** The server's address, of which the requests name scheme and host. */
  readonly origin: { readonly scheme: string; readonly authority: string };
  readonly limits: ConnectionLimits;
  readonly eventId: string;
  readonly connections: number;
  readonly tokens: TokenConfig;
  /** The time of issue of all tokens. */
  readonly tokensIssuedAtMs: number;
  readonly tokenLifetimeSeconds: number;
}

export type ToWorker =
  | { readonly kind: "prepare"; readonly plan: WorkerPlan }
  /** The run begins at this time, in ms since the epoch with fractions, by the monotonic clock. */
  | { readonly kind: "start"; readonly startAtMs: number }
  /** No further request is to be sent. */
  | { readonly kind: "stop" };

/** How far a worker is. All counts are since the start. */
export interface WorkerProgress extends FinishedBuckets {
  readonly due: number;
  readonly sent: number;
  readonly shed: number;
  readonly outcomes: OutcomeCounts;
  readonly latency: LatencyRecord;
  /** Members that were told of a second coupon, or twice of a new one. */
  readonly duplicates: number;
  /** Claims without a valid credential that were told of a coupon. */
  readonly intrudersServed: number;
  /** When the first «sold out» came, in µs after the start of the run; infinity before. */
  readonly firstSoldOutUs: number;
  /** When the last of the claims that were told «issued» was sent; minus infinity before. */
  readonly lastIssuedSentUs: number;
}

export type FromWorker =
  /** How many of the worker's members have their token. */
  | { readonly kind: "minted"; readonly members: number }
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly progress: WorkerProgress }
  | { readonly kind: "done"; readonly tally: TallyRecord; readonly told: ToldArrays }
  | { readonly kind: "failed"; readonly message: string };
