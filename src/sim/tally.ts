/** What a run counts: its ledger of requests, their outcomes, and how long they took. */
import type { Histogram } from "hdr-histogram-js";
import { LatencyCounts } from "./latency.ts";
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

type CountsRecord = Partial<Record<Outcome, Uint32Array>>;

/** A tally as it crosses threads. */
export interface TallyRecord {
  readonly sent: number;
  readonly shed: number;
  readonly unsent: number;
  readonly outcomes: OutcomeCounts;
  /** From due to answered, counted as LatencyCounts does; for the outcomes that occurred. */
  readonly latency: CountsRecord;
  /** The same: from sent to answered. */
  readonly service: CountsRecord;
  /** From due to sent. */
  readonly sendLag: Uint32Array;
  /** From due until the generator came to it. */
  readonly generatorLag: Uint32Array;
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
  readonly #sendLag = new LatencyCounts();
  readonly #generatorLag = new LatencyCounts();
  readonly #latency: OutcomeLatencies = new Map();
  readonly #service: OutcomeLatencies = new Map();
  readonly #reasons = new Map<string, number>();

  /** The generator has come to an arrival so late, in µs, whether or not its connection is free. */
  countDue(lagUs: number): void {
    this.#generatorLag.count(lagUs);
  }

  countSent(sentUs: number, dueAtUs: number): void {
    this.sent++;
    this.lastSentUs = Math.max(this.lastSentUs, sentUs);
    this.#sendLag.count(sentUs - dueAtUs);
  }

  /** @param reason said of refusals and errors that are not plain from the outcome */
  countOutcome(
    outcome: Outcome,
    { latencyUs, serviceUs }: { readonly latencyUs: number; readonly serviceUs: number },
    reason?: string,
  ): void {
    this.outcomes[outcome]++;
    countsOf(this.#latency, outcome).count(latencyUs);
    countsOf(this.#service, outcome).count(serviceUs);
    if (reason !== undefined) this.#countReason(reason, 1);
  }

  /** From due to sent, in µs, as all histograms here. Each is made when it is asked for. */
  sendLag(): Histogram {
    return this.#sendLag.toHistogram();
  }

  /** How late the generator came to arrivals: the part of the send lag that is its own fault. */
  generatorLag(): Histogram {
    return this.#generatorLag.toHistogram();
  }

  /** How long the requests of this outcome took, from due to answered. */
  latencyOf(outcome: Outcome): Histogram | undefined {
    return this.#latency.get(outcome)?.toHistogram();
  }

  /** How long the server took for them, from sent to answered. */
  serviceOf(outcome: Outcome): Histogram | undefined {
    return this.#service.get(outcome)?.toHistogram();
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
      latency: toRecords(this.#latency),
      service: toRecords(this.#service),
      sendLag: this.#sendLag.bySlot,
      generatorLag: this.#generatorLag.bySlot,
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
    this.#sendLag.add(record.sendLag);
    this.#generatorLag.add(record.generatorLag);
    for (const outcome of OUTCOMES) this.outcomes[outcome] += record.outcomes[outcome];
    addAll(this.#latency, record.latency);
    addAll(this.#service, record.service);
    for (const [reason, count] of Object.entries(record.reasons)) this.#countReason(reason, count);
  }
}

type OutcomeLatencies = Map<Outcome, LatencyCounts>;

function countsOf(latencies: OutcomeLatencies, outcome: Outcome): LatencyCounts {
  let counts = latencies.get(outcome);
  if (counts === undefined) {
    counts = new LatencyCounts();
    latencies.set(outcome, counts);
  }
  return counts;
}

function toRecords(latencies: OutcomeLatencies): CountsRecord {
  const records: CountsRecord = {};
  for (const [outcome, { bySlot }] of latencies) records[outcome] = bySlot;
  return records;
}

function addAll(latencies: OutcomeLatencies, records: CountsRecord): void {
  for (const outcome of OUTCOMES) {
    const bySlot = records[outcome];
    if (bySlot !== undefined) countsOf(latencies, outcome).add(bySlot);
  }
}
