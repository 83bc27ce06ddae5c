/** What a run counts: its ledger of requests, their outcomes, and how long they took. */
import type { Histogram } from "hdr-histogram-js";
import { createHistogram, decodeHistogram, encodeHistogram, recordUs } from "./latency.ts";
import { OUTCOMES, type Outcome } from "./outcomes.ts";

/** Distinct reasons that are told apart; further ones are counted together. */
const MAX_REASONS = 20;
const OTHER_REASONS = "other reasons";

export type OutcomeCounts = Record<Outcome, number>;

export function noOutcomes(): OutcomeCounts {
  return {
    issued: 0,
    alreadyIssued: 0,
    soldOut: 0,
    notOpen: 0,
    windowExhausted: 0,
    paused: 0,
    ended: 0,
    overloaded: 0,
    unauthorized: 0,
    otherRefusals: 0,
    error: 0,
    unknown: 0,
  };
}

/** Every scheduled request is exactly one of sent, shed and unsent. */
export interface RequestLedger {
  readonly scheduled: number;
  readonly sent: number;
  /** Not sent, because it had waited for a connection longer than it may. */
  readonly shed: number;
  /** Not sent by the end of the run and its grace. */
  readonly unsent: number;
}

/** A tally as it crosses threads. */
export interface TallyRecord {
  readonly sent: number;
  readonly shed: number;
  readonly unsent: number;
  readonly outcomes: OutcomeCounts;
  /** Encoded histograms of the outcomes that occurred: µs from due to answered. */
  readonly latency: Partial<Record<Outcome, string>>;
  /** The same: µs from sent to answered. */
  readonly service: Partial<Record<Outcome, string>>;
  /** Encoded histogram of µs from due to sent. */
  readonly sendLag: string;
  /** Encoded histogram of µs from due until the generator came to it. */
  readonly generatorLag: string;
  readonly waitedForConnection: number;
  readonly connectionsLost: number;
  readonly lastSentUs: number;
  readonly reasons: Readonly<Record<string, number>>;
}

export class Tally {
  sent = 0;
  shed = 0;
  unsent = 0;
  /** Requests that found their connection still busy when they were due. */
  waitedForConnection = 0;
  /** Connections that were lost and opened again. */
  connectionsLost = 0;
  /** When the last request was sent, in µs after the start. */
  lastSentUs = 0;
  readonly outcomes = noOutcomes();
  readonly sendLag = createHistogram();
  /**
   * How late the generator came to an arrival, whether or not its connection was free then: the
   * part of the send lag that is the generator's own fault.
   */
  readonly generatorLag = createHistogram();
  readonly #latency = new Map<Outcome, Histogram>();
  readonly #service = new Map<Outcome, Histogram>();
  readonly #reasons = new Map<string, number>();

  countSent(sentUs: number, dueAtUs: number): void {
    this.sent++;
    this.lastSentUs = Math.max(this.lastSentUs, sentUs);
    recordUs(this.sendLag, sentUs - dueAtUs);
  }

  /** @param reason said of refusals and errors that are not plain from the outcome */
  countOutcome(
    outcome: Outcome,
    { latencyUs, serviceUs }: { readonly latencyUs: number; readonly serviceUs: number },
    reason?: string,
  ): void {
    this.outcomes[outcome]++;
    recordUs(histogramOf(this.#latency, outcome), latencyUs);
    recordUs(histogramOf(this.#service, outcome), serviceUs);
    if (reason !== undefined) this.#countReason(reason, 1);
  }

  /** How long the requests of this outcome took, from due to answered. */
  latencyOf(outcome: Outcome): Histogram | undefined {
    return this.#latency.get(outcome);
  }

  /** How long the server took for them, from sent to answered. */
  serviceOf(outcome: Outcome): Histogram | undefined {
    return this.#service.get(outcome);
  }

  /** Why requests were refused or failed, the most frequent first. */
  get reasons(): { reason: string; count: number }[] {
    return [...this.#reasons]
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count);
  }

  #countReason(reason: string, count: number): void {
    const known = this.#reasons.has(reason) || this.#reasons.size < MAX_REASONS;
    const key = known ? reason : OTHER_REASONS;
    this.#reasons.set(key, (this.#reasons.get(key) ?? 0) + count);
  }

  toRecord(): TallyRecord {
    return {
      sent: this.sent,
      shed: this.shed,
      unsent: this.unsent,
      outcomes: { ...this.outcomes },
      latency: encodeAll(this.#latency),
      service: encodeAll(this.#service),
      sendLag: encodeHistogram(this.sendLag),
      generatorLag: encodeHistogram(this.generatorLag),
      waitedForConnection: this.waitedForConnection,
      connectionsLost: this.connectionsLost,
      lastSentUs: this.lastSentUs,
      reasons: Object.fromEntries(this.#reasons),
    };
  }

  /** Adds what another thread counted. */
  add(record: TallyRecord): void {
    this.sent += record.sent;
    this.shed += record.shed;
    this.unsent += record.unsent;
    this.waitedForConnection += record.waitedForConnection;
    this.connectionsLost += record.connectionsLost;
    this.lastSentUs = Math.max(this.lastSentUs, record.lastSentUs);
    this.sendLag.add(decodeHistogram(record.sendLag));
    this.generatorLag.add(decodeHistogram(record.generatorLag));
    for (const outcome of OUTCOMES) this.outcomes[outcome] += record.outcomes[outcome];
    addAll(this.#latency, record.latency);
    addAll(this.#service, record.service);
    for (const [reason, count] of Object.entries(record.reasons)) this.#countReason(reason, count);
  }
}

type Histograms = Map<Outcome, Histogram>;

function histogramOf(histograms: Histograms, outcome: Outcome): Histogram {
  let histogram = histograms.get(outcome);
  if (histogram === undefined) {
    histogram = createHistogram();
    histograms.set(outcome, histogram);
  }
  return histogram;
}

function encodeAll(histograms: Histograms): Partial<Record<Outcome, string>> {
  const encoded: Partial<Record<Outcome, string>> = {};
  for (const [outcome, histogram] of histograms) encoded[outcome] = encodeHistogram(histogram);
  return encoded;
}

function addAll(histograms: Histograms, encoded: Partial<Record<Outcome, string>>): void {
  for (const outcome of OUTCOMES) {
    const text = encoded[outcome];
    if (text !== undefined) histogramOf(histograms, outcome).add(decodeHistogram(text));
  }
}
