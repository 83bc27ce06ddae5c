/** The load workers, seen from the main thread. */
import type { TokenConfig } from "../config.ts";
import { connectionsOf, divide } from "./division.ts";
import { NO_GAUGES } from "./gauges.ts";
import type { FromWorker, ToWorker, WorkerPlan, WorkerProgress } from "./messages.ts";
import { bendSchedule, type Scenario } from "./scenario.ts";
import { createSchedule } from "./schedule.ts";
import type { SeriesBucket, ServerGauges } from "./series.ts";
import { countDue, SeriesCollector } from "./series-collector.ts";
import { countArrivals, type LoadShape } from "./shape.ts";
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
/** For a worker to warm up and to open its connections. */
const PREPARE_TIMEOUT_MS = 120_000;
/** And for each of its members' tokens: ten times what one takes. */
const MINT_TIMEOUT_MS = 0.4;

/** What is to be sent, and by whom. */
export interface LoadPlan {
  /** The server's address, http or https; the path is not used. */
  readonly url: URL;
  readonly transport?: Transport;
  readonly eventId: string;
  readonly shape: LoadShape;
  /** `rush` by default. */
  readonly scenario?: Scenario;
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
  /** Now by default. The same plan, this time included, sends the same bytes. */
  readonly tokensIssuedAtMs?: number;
  readonly limits?: ConnectionLimits;
}

export interface LoadResult {
  readonly ledger: RequestLedger;
  readonly tally: Tally;
  /** Row n is the seeded member with number n; row 0 is nobody. */
  readonly told: ToldTable;
  /** Element n is the credential of the seeded member with number n, as in CREDENTIALS. */
  readonly credentials: Uint8Array;
  readonly series: readonly SeriesBucket[];
  /** The start of the run, by this machine's wall clock. */
  readonly startedAtMs: number;
  /** The run was told to end before its time. */
  readonly stopped: boolean;
}

/** How long a worker with so many members may prepare itself, in ms. */
export function prepareTimeoutMs(members: number): number {
  return PREPARE_TIMEOUT_MS + Math.ceil(members * MINT_TIMEOUT_MS);
}

/** How many of all members have their token. */
export type MintingProgress = (minted: number, members: number) => void;

/** Each worker's last word on how far it is. */
export type FleetProgress = (worker: number, progress: WorkerProgress) => void;

/** Divides the plan. A worker gets the arrivals, the members and the connections that are its own. */
export function planWorkers(plan: LoadPlan): WorkerPlan[] {
  const { shape, scenario = "rush", durationMs, seed, users } = plan;
  const schedule = bendSchedule(scenario, createSchedule(shape, durationMs, seed), durationMs);
  const crowd = { scenario, shape, arrivals: schedule.arrivals, members: users, seed };
  const transport = plan.transport ?? DEFAULT_TRANSPORT;
  const tokensIssuedAtMs = plan.tokensIssuedAtMs ?? Date.now();
  return divide(schedule, crowd, plan.workers).map((share, worker) => ({
    worker,
    share,
    durationMs,
    graceMs: plan.graceMs,
    maxWaitMs: plan.maxWaitMs,
    transport,
    target: targetOf(plan.url, transport.insecure),
    origin: { scheme: plan.url.protocol.slice(0, -1), authority: plan.url.host },
    limits: plan.limits ?? CONNECTION_LIMITS,
    eventId: plan.eventId,
    connections: connectionsOf(worker, plan.workers, plan.connections),
    tokens: plan.tokens,
    tokensIssuedAtMs,
    tokenLifetimeSeconds: plan.tokenLifetimeSeconds,
  }));
}

/** The worker threads of one run. Whatever happens, `close` ends them. */
export class Fleet {
  readonly #plan: LoadPlan;
  readonly #plans: readonly WorkerPlan[];
  readonly #crew: readonly CrewMember[];
  readonly #series: SeriesCollector;
  #stopped = false;

  /** @param gaugesAt what the server last said of itself before this time, in ms after the start */
  constructor(
    plan: LoadPlan,
    onProgress: FleetProgress,
    gaugesAt: (atMs: number) => ServerGauges = () => NO_GAUGES,
  ) {
    this.#plan = plan;
    this.#plans = planWorkers(plan);
    this.#series = new SeriesCollector({
      workers: plan.workers,
      due: countDue(this.#plans.map(({ share }) => share.arrivals.dueUs)),
      gaugesAt,
    });
    this.#crew = this.#plans.map(
      ({ worker }) =>
        new CrewMember((progress) => {
          this.#series.add(worker, progress);
          onProgress(worker, progress);
        }),
    );
  }

  /** The finished buckets of the series. More join them while the run goes on. */
  get series(): readonly SeriesBucket[] {
    return this.#series.buckets;
  }

  /** The earliest start that still reaches all workers in time, in ms since the epoch. */
  static earliestStartMs(): number {
    return performance.timeOrigin + performance.now() + START_DELAY_MS;
  }

  /**
   * Mints the tokens, writes the requests, opens the connections.
   *
   * @param onMinted told about once a second while the tokens are minted
   */
  async prepare(onMinted: MintingProgress = () => undefined): Promise<void> {
    const minted = this.#plans.map(() => 0);
    const members = this.#plans.map(({ share }) => share.memberNumbers.length);
    await Promise.all(
      this.#crew.map(async (crew, index) => {
        const plan = this.#plans[index];
        if (plan !== undefined) {
          const { dueUs, slots } = plan.share.arrivals;
          // Millions of arrivals move to their worker rather than being there twice.
          crew.tell({ kind: "prepare", plan }, [dueUs.buffer, slots.buffer]);
        }
        crew.onMinted = (done) => {
          minted[index] = done;
          // All workers speak each second: one of them is enough.
          if (index === 0) onMinted(sum(minted), sum(members));
        };
        await crew.ready(prepareTimeoutMs(members[index] ?? 0));
      }),
    );
  }

  /**
   * Fires the schedule and gathers what the workers bring back.
   *
   * @param startAtMs by the monotonic clock, in ms since the epoch
   */
  async run(startAtMs = Fleet.earliestStartMs()): Promise<LoadResult> {
    // The wall clock, by which servers tell times, may have been set since this process began.
    const wallAheadMs = Date.now() - (performance.timeOrigin + performance.now());
    for (const crew of this.#crew) crew.tell({ kind: "start", startAtMs });
    const { durationMs, graceMs, limits = CONNECTION_LIMITS } = this.#plan;
    const timeoutMs = durationMs + graceMs + limits.requestTimeoutMs + REPORT_TIMEOUT_MS;
    const results = await Promise.all(this.#crew.map((crew) => crew.done(timeoutMs)));
    return this.#gather(results, startAtMs + wallAheadMs);
  }

  /** Sends no further request; `run` ends when what is in flight has been answered. */
  stop(): void {
    this.#stopped = true;
    for (const crew of this.#crew) crew.tell({ kind: "stop" });
  }

  close(): void {
    for (const crew of this.#crew) crew.terminate();
  }

  #gather(
    results: readonly Extract<FromWorker, { kind: "done" }>[],
    startedAtMs: number,
  ): LoadResult {
    const tally = new Tally();
    const told = new ToldTable(this.#plan.users + 1);
    const credentials = new Uint8Array(this.#plan.users + 1);
    for (const [worker, result] of results.entries()) {
      tally.add(result.tally);
      const part = new ToldTable(0, result.told);
      const share = this.#plans[worker]?.share;
      if (share === undefined) continue;
      for (let slot = 0; slot < share.memberNumbers.length; slot++) {
        const memberNumber = share.memberNumbers[slot] ?? 0;
        told.copyRow(memberNumber, part, slot);
        credentials[memberNumber] = share.credentials[slot] ?? 0;
      }
    }
    const scheduled = countArrivals(this.#plan.shape, this.#plan.durationMs);
    const { sent, shed, unsent } = tally;
    const ledger = { scheduled, sent, shed, unsent };
    const { series } = this;
    return { ledger, tally, told, credentials, series, startedAtMs, stopped: this.#stopped };
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** One worker thread and what is awaited of it. */
class CrewMember {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url));
  readonly #ready = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<Extract<FromWorker, { kind: "done" }>>();
  onMinted: (members: number) => void = () => undefined;

  constructor(onProgress: (progress: WorkerProgress) => void) {
    // Both are awaited one after the other: the second must not count as unhandled meanwhile.
    this.#ready.promise.catch(() => {});
    this.#done.promise.catch(() => {});
    this.#worker.onmessage = (event: MessageEvent<FromWorker>) => {
      const message = event.data;
      if (message.kind === "ready") this.#ready.resolve();
      else if (message.kind === "minted") this.onMinted(message.members);
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

  tell(message: ToWorker, transfer: Bun.Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
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
