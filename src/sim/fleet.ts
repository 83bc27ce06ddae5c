/** The load workers, seen from the main thread. */
import type { TokenConfig } from "../config.ts";
import type { FromWorker, ToWorker, WorkerPlan, WorkerProgress } from "./messages.ts";
import {
  connectionsOf,
  countArrivals,
  type Division,
  type LoadShape,
  memberOrder,
  WorkerShare,
} from "./schedule.ts";
import { type RequestLedger, Tally } from "./tally.ts";
import { ToldTable } from "./told.ts";
import {
  CONNECTION_LIMITS,
  type ConnectionLimits,
  DEFAULT_TRANSPORT,
  type Transport,
  targetOf,
} from "./transport.ts";

/** Between the last worker's readiness and the first arrival: the start must reach all in time. */
const START_DELAY_MS = 100;
/** Beyond the run's own end, for a worker to report. */
const REPORT_TIMEOUT_MS = 30_000;
/** For a million members a thread mints tokens for some ten seconds. */
const PREPARE_TIMEOUT_MS = 120_000;

/** What is to be sent, and by whom. */
export interface LoadPlan {
  /** The server's address, http or https; the path is not used. */
  readonly url: URL;
  readonly transport?: Transport;
  readonly eventId: string;
  readonly shape: LoadShape;
  readonly durationMs: number;
  readonly graceMs: number;
  readonly maxWaitMs?: number;
  /** The seeded members 1 … users make the requests. */
  readonly users: number;
  readonly seed: number;
  readonly workers: number;
  readonly connections: number;
  readonly tokens: TokenConfig;
  readonly tokenLifetimeSeconds: number;
  readonly limits?: ConnectionLimits;
}

export interface LoadResult {
  readonly ledger: RequestLedger;
  readonly tally: Tally;
  /** Row n is the seeded member with number n; row 0 is nobody. */
  readonly told: ToldTable;
  /** The run was told to end before its time. */
  readonly stopped: boolean;
}

/** Each worker's last word on how far it is. */
export type FleetProgress = (worker: number, progress: WorkerProgress) => void;

/** Divides the plan. A worker gets the members and the connections that the schedule gives it. */
export function planWorkers(plan: LoadPlan): WorkerPlan[] {
  const division: Division = {
    arrivals: countArrivals(plan.shape, plan.durationMs),
    members: plan.users,
    workers: plan.workers,
  };
  const transport = plan.transport ?? DEFAULT_TRANSPORT;
  const order = memberOrder(plan.users, plan.seed);
  return Array.from({ length: plan.workers }, (_, worker) => {
    const share = new WorkerShare(division, worker);
    const slots = Math.min(share.members, share.arrivals);
    return {
      worker,
      division,
      shape: plan.shape,
      durationMs: plan.durationMs,
      graceMs: plan.graceMs,
      maxWaitMs: plan.maxWaitMs,
      transport,
      target: targetOf(plan.url, transport.insecure),
      origin: { scheme: plan.url.protocol.slice(0, -1), authority: plan.url.host },
      limits: plan.limits ?? CONNECTION_LIMITS,
      eventId: plan.eventId,
      connections: connectionsOf(worker, plan.workers, plan.connections),
      memberNumbers: Uint32Array.from(
        { length: slots },
        (_, slot) => order[share.placeOf(slot)] ?? 0,
      ),
      tokens: plan.tokens,
      tokenLifetimeSeconds: plan.tokenLifetimeSeconds,
    };
  });
}

/** The worker threads of one run. Whatever happens, `close` ends them. */
export class Fleet {
  readonly #plan: LoadPlan;
  readonly #plans: readonly WorkerPlan[];
  readonly #crew: readonly CrewMember[];
  #stopped = false;

  constructor(plan: LoadPlan, onProgress: FleetProgress) {
    this.#plan = plan;
    this.#plans = planWorkers(plan);
    this.#crew = this.#plans.map(
      ({ worker }) => new CrewMember((progress) => onProgress(worker, progress)),
    );
  }

  /** Mints the tokens, writes the requests, opens the connections. */
  async prepare(): Promise<void> {
    await Promise.all(
      this.#crew.map(async (crew, index) => {
        const plan = this.#plans[index];
        if (plan !== undefined) crew.tell({ kind: "prepare", plan });
        await crew.ready(PREPARE_TIMEOUT_MS);
      }),
    );
  }

  /** Fires the schedule and gathers what the workers bring back. */
  async run(): Promise<LoadResult> {
    const startAtMs = performance.timeOrigin + performance.now() + START_DELAY_MS;
    for (const crew of this.#crew) crew.tell({ kind: "start", startAtMs });
    const { durationMs, graceMs, limits = CONNECTION_LIMITS } = this.#plan;
    const timeoutMs = durationMs + graceMs + limits.requestTimeoutMs + REPORT_TIMEOUT_MS;
    const results = await Promise.all(this.#crew.map((crew) => crew.done(timeoutMs)));
    return this.#gather(results);
  }

  /** Sends no further request; `run` ends when what is in flight has been answered. */
  stop(): void {
    this.#stopped = true;
    for (const crew of this.#crew) crew.tell({ kind: "stop" });
  }

  close(): void {
    for (const crew of this.#crew) crew.terminate();
  }

  #gather(results: readonly Extract<FromWorker, { kind: "done" }>[]): LoadResult {
    const tally = new Tally();
    const told = new ToldTable(this.#plan.users + 1);
    for (const [worker, result] of results.entries()) {
      tally.add(result.tally);
      const part = new ToldTable(0, result.told);
      for (const [slot, memberNumber] of this.#plans[worker]?.memberNumbers.entries() ?? []) {
        told.copyRow(memberNumber, part, slot);
      }
    }
    const scheduled = countArrivals(this.#plan.shape, this.#plan.durationMs);
    const { sent, shed, unsent } = tally;
    const ledger = { scheduled, sent, shed, unsent };
    return { ledger, tally, told, stopped: this.#stopped };
  }
}

/** One worker thread and what is awaited of it. */
class CrewMember {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url));
  readonly #ready = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<Extract<FromWorker, { kind: "done" }>>();

  constructor(onProgress: (progress: WorkerProgress) => void) {
    // Both are awaited one after the other: the second must not count as unhandled meanwhile.
    this.#ready.promise.catch(() => {});
    this.#done.promise.catch(() => {});
    this.#worker.onmessage = (event: MessageEvent<FromWorker>) => {
      const message = event.data;
      if (message.kind === "ready") this.#ready.resolve();
      else if (message.kind === "progress") onProgress(message.progress);
      else if (message.kind === "done") this.#done.resolve(message);
      else this.#fail(message.message);
    };
    this.#worker.onerror = (event) => this.#fail(event.message);
  }

  #fail(message: string): void {
    const error = new Error(`a load worker failed: ${message}`);
    this.#ready.reject(error);
    this.#done.reject(error);
  }

  tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  async ready(timeoutMs: number): Promise<void> {
    await this.#within(this.#ready.promise, timeoutMs);
  }

  async done(timeoutMs: number): Promise<Extract<FromWorker, { kind: "done" }>> {
    return await this.#within(this.#done.promise, timeoutMs);
  }

  terminate(): void {
    this.#worker.terminate();
    this.#fail("it was ended");
  }

  async #within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
    const timer = setTimeout(() => this.#fail(`no word of it in ${timeoutMs} ms`), timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}
