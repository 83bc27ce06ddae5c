/** A whole run: set the stage, fire the load, wait for the ledger, judge, clear away. */
import type { DatabaseConfig, TokenConfig } from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { processTreeCpuUs } from "./cpu.ts";
import { describeEnding } from "./ending.ts";
import type { Expectation } from "./expectations.ts";
import { Fleet, type LoadResult } from "./fleet.ts";
import { GaugePoller } from "./gauges.ts";
import type { LastResort } from "./last-resort.ts";
import { LiveRun } from "./live.ts";
import { type Holders, judge, LOST_RECORDS, readHolders } from "./oracle.ts";
import type { RecordedEvent } from "./records.ts";
import { type Report, type ReportConfig, summarize } from "./report.ts";
import { describeMachine } from "./report-machine.ts";
import { runWindow, type Scenario } from "./scenario.ts";
import type { SeriesBucket } from "./series.ts";
import { countArrivals, type LoadShape } from "./shape.ts";
import { reviveServer, type Stage, setStage } from "./stage.ts";
import {
  awaitDrained,
  awaitEvent,
  awaitWindow,
  type Drain,
  requireGoodTokens,
} from "./standing.ts";
import type { Tally } from "./tally.ts";
import { CONNECTION_LIMITS, type Transport } from "./transport.ts";

/** How long after the last arrival a claim that waits for its connection may still be sent. */
const GRACE_MS = 5_000;
/** Tokens outlive the run by this. */
const TOKEN_RESERVE_SECONDS = 3_600;
/** Arrivals of one run: each takes 12 bytes, with `poisson` 20 while the run is prepared. */
export const MAX_ARRIVALS = 20_000_000;
/** A second of the series takes about 10 KiB. */
const MAX_DURATION_MS = 6 * 3_600_000;
/** Between planning a window and the start of the run: servers follow within a second. */
const WINDOW_NOTICE_MS = 2_000;

export interface RunOptions {
  readonly shape: LoadShape;
  readonly scenario: Scenario;
  readonly durationMs: number;
  /** The seeded members 1 … users make the claims. */
  readonly users: number;
  readonly transport: Transport;
  readonly connections: number;
  readonly loadWorkers: number;
  readonly seed: number;
  /** Stock of an event of the run's own. */
  readonly stock: number;
  readonly eventId?: string;
  /** Make the members' accounts first. */
  readonly seedsMembers?: boolean;
  /** Undefined for a database that lives as long as the run. */
  readonly database?: DatabaseConfig;
  readonly redisUrl?: string;
  /** A server that is there, and the keys it accepts. */
  readonly server?: { readonly url: URL; readonly tokens: TokenConfig };
  readonly webProcesses: number;
  readonly expectations: readonly Expectation[];
  /** For the report: the command line, without secrets. */
  readonly command: string;
}

/** What is left of a run: its summary, and what fuller accounts of it are made from. */
export interface RunResult {
  readonly report: Report;
  readonly tally: Tally;
  readonly series: readonly SeriesBucket[];
}

/** Whoever looks on. */
export interface RunObserver {
  /** What the run does now, in a few words. */
  phase(what: string): void;
  /** The load begins; `live` tells how far it is, whenever asked. */
  loadBegins(live: LiveRun): void;
  loadEnds(): void;
}

/**
 * Runs it. Nothing of it is left when this returns or throws.
 *
 * @param stop aborted when the run is to end early; it is judged all the same
 * @param lastResort what is to be done if the run is broken off
 * @throws CliError when the run cannot begin
 */
export async function runSimulation(
  options: RunOptions,
  observer: RunObserver,
  stop: AbortSignal,
  lastResort: LastResort,
): Promise<RunResult> {
  requirePossible(options);
  const { shape, scenario, durationMs } = options;
  await using resources = new AsyncDisposableStack();
  const stage = await setStage(
    {
      database: options.database,
      redisUrl: options.redisUrl,
      eventId: options.eventId,
      stock: options.stock,
      window: runWindow(scenario, shape, durationMs),
      runMs: durationMs + GRACE_MS + CONNECTION_LIMITS.requestTimeoutMs,
      seededMembers: options.seedsMembers === true ? options.users : 0,
      server: options.server,
      webProcesses: options.webProcesses,
    },
    resources,
    (what) => observer.phase(what),
    lastResort,
  );
  await awaitEvent(stage, options.eventId === undefined && stage.planWindow === undefined);
  await requireGoodTokens(stage, tokenLifetimeSeconds(durationMs));
  // An event that was there may have been claimed from a moment ago.
  if (options.eventId !== undefined) await awaitDrained(stage);
  const before = await readHolders(stage.records, options.users);
  const config = describe(options, stage, before);
  const load = await fire(config, options.transport, stage, observer, stop);
  const died = stage.ownServer?.hasEnded === true ? stage.ownServer : undefined;
  if (died !== undefined) {
    observer.phase("the server died: starting it again, for what it had not brought to the ledger");
  }
  const after = died === undefined ? stage : await reviveServer(stage, died, resources, lastResort);
  observer.phase("waiting for the ledger");
  const drain = await awaitDrained(after);
  observer.phase("judging");
  const checks = await inspect({ ...after, event: load.event }, before, load.result, drain);
  const serverStopped = (await after.ownServer?.stop()) ?? true;
  const ending = describeEnding(drain, after, died === undefined && serverStopped);
  const { command, expectations } = options;
  const { series } = load.result;
  const machine = describeMachine();
  const facts = { command, machine, config, load: load.result, checks, expectations };
  const report = summarize({ ...facts, ending, ...load.cpu });
  return { report, tally: load.result.tally, series };
}

function requirePossible(options: RunOptions): void {
  const arrivals = countArrivals(options.shape, options.durationMs);
  if (arrivals < 1 || arrivals > MAX_ARRIVALS) {
    throw new CliError(
      `--tps, --shape and --duration make ${arrivals} claims: a run has 1 to ${MAX_ARRIVALS.toLocaleString("en-US")}`,
    );
  }
  if (options.durationMs > MAX_DURATION_MS) {
    throw new CliError(`a run lasts at most ${MAX_DURATION_MS / 3_600_000} hours`);
  }
  if (options.connections < options.loadWorkers) {
    throw new CliError("every load worker needs a connection: raise --connections");
  }
  const startsServer = options.server === undefined;
  if (startsServer && options.webProcesses > 1 && options.redisUrl === undefined) {
    throw new CliError(
      "the embedded engine is one process: for --workers name a Redis with --redis",
    );
  }
}

function describe(
  options: RunOptions,
  { event, url, redis, ownServer }: Stage,
  before: Holders,
): ReportConfig {
  const engine = redis === undefined ? "embedded" : "redis";
  return {
    eventId: event.id,
    eventName: event.name,
    url: url.origin,
    engine: ownServer === undefined ? null : engine,
    shape: options.shape,
    scenario: options.scenario,
    durationMs: options.durationMs,
    graceMs: GRACE_MS,
    users: options.users,
    stock: event.stock,
    issuedBefore: before.issued,
    workers: options.loadWorkers,
    http: options.transport.http,
    connections: options.connections,
    streams: options.transport.streams,
    seed: options.seed,
    startedAt: new Date().toISOString(),
  };
}

function tokenLifetimeSeconds(durationMs: number): number {
  return Math.ceil(durationMs / 1000) + TOKEN_RESERVE_SECONDS;
}

interface Fired {
  /** The event as it was when the load began. */
  readonly event: RecordedEvent;
  readonly result: LoadResult;
  readonly cpu: { readonly generatorCpuUs: number; readonly serverCpuUs: number | undefined };
}

async function fire(
  config: ReportConfig,
  transport: Transport,
  stage: Stage,
  observer: RunObserver,
  stop: AbortSignal,
): Promise<Fired> {
  observer.phase("minting tokens, opening connections");
  const { durationMs, stock, issuedBefore } = config;
  const scheduled = countArrivals(config.shape, durationMs);
  const gauges = new GaugePoller(stage.url, config.eventId);
  const live = new LiveRun(
    { durationMs, scheduled, stock, issuedBefore },
    {
      get series() {
        return fleet.series;
      },
      get stock() {
        return gauges.stock;
      },
    },
  );
  const fleet = new Fleet(
    {
      url: stage.url,
      transport,
      eventId: config.eventId,
      shape: config.shape,
      scenario: config.scenario,
      durationMs,
      graceMs: config.graceMs,
      users: config.users,
      seed: config.seed,
      workers: config.workers,
      connections: config.connections,
      tokens: stage.tokens,
      tokenLifetimeSeconds: tokenLifetimeSeconds(durationMs),
    },
    (worker, progress) => live.update(worker, progress),
    (atMs) => gauges.gaugesAt(atMs),
  );
  let isPrepared = false;
  // While tokens are minted, which may take minutes, nothing is worth waiting for.
  const onStop = () => (isPrepared ? fleet.stop() : fleet.close());
  stop.addEventListener("abort", onStop);
  try {
    await fleet
      .prepare((minted, members) => {
        observer.phase(
          `${minted.toLocaleString("en-US")} of ${members.toLocaleString("en-US")} tokens`,
        );
      })
      .catch((error: unknown) => {
        throw stop.aborted ? stoppedEarly() : error;
      });
    isPrepared = true;
    const { startAtMs, event } = await planStart(stage);
    if (stop.aborted) throw stoppedEarly();
    gauges.start(startAtMs);
    live.begin(startAtMs - (performance.timeOrigin + performance.now()));
    observer.loadBegins(live);
    const cpu = measureCpu(stage.ownServer?.pid);
    const result = await fleet.run(startAtMs);
    return { event, result, cpu: cpu() };
  } finally {
    stop.removeEventListener("abort", onStop);
    gauges.stop();
    observer.loadEnds();
    fleet.close();
  }
}

function stoppedEarly(): CliError {
  return new CliError("stopped before the load began", EXIT.invalid);
}

/**
 * When the run starts, in ms since the epoch by the monotonic clock, at once if nothing is to be
 * planned; and the event with what was planned.
 */
async function planStart(stage: Stage): Promise<{ startAtMs: number; event: RecordedEvent }> {
  if (stage.planWindow === undefined) {
    return { startAtMs: Fleet.earliestStartMs(), event: stage.event };
  }
  const startAtMs = Fleet.earliestStartMs() + WINDOW_NOTICE_MS;
  const wallAheadMs = Date.now() - (performance.timeOrigin + performance.now());
  await stage.planWindow(startAtMs + wallAheadMs);
  await awaitWindow(stage, WINDOW_NOTICE_MS);
  const event = (await stage.records.event()) ?? stage.event;
  await Bun.sleep(Math.max(0, startAtMs - Fleet.earliestStartMs()));
  return { startAtMs, event };
}

/** Starts measuring; the function returned tells what was used since, in µs. */
function measureCpu(serverPid: number | undefined): () => Fired["cpu"] {
  const serverCpuUs = () => (serverPid === undefined ? undefined : processTreeCpuUs(serverPid));
  const serverBefore = serverCpuUs();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    const serverAfter = serverCpuUs();
    const known = serverBefore !== undefined && serverAfter !== undefined;
    return {
      generatorCpuUs: user + system,
      serverCpuUs: known ? serverAfter - serverBefore : undefined,
    };
  };
}

/** All checks: the members' view first, then the ledger's own and the engine's. */
async function inspect(stage: Stage, before: Holders, load: LoadResult, drain: Drain) {
  const { told, tally, credentials, startedAtMs } = load;
  const { records, event, sameClock, ownEvent } = stage;
  const { outcomes } = tally;
  const testimony = { told, outcomes, credentials, startedAtMs, sameClock, ownEvent };
  const { isDrained, isReadable } = drain;
  if (!isReadable) return await judge(LOST_RECORDS, event, before, testimony, isDrained);
  const checks = await judge(records, event, before, testimony, isDrained);
  return [...checks, ...(await records.verify())];
}
