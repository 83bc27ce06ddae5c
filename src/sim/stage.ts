/** What a run needs around its load: database, event, server. All of it goes when the run is over. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { type DatabaseConfig, DEFAULTS, type TokenConfig } from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { RedisConnection } from "../server/claims/redis/connection.ts";
import { eventKeys } from "../server/claims/redis/keys.ts";
import { type Database, openDatabase } from "../server/database.ts";
import { addWindows, createEvent } from "../server/events/administration.ts";
import { EVENT_LIMITS } from "../server/events/limits.ts";
import { seedMembers } from "../server/members/seed.ts";
import { ChildServer, type ChildServerOptions } from "./child-server.ts";
import { readReadiness } from "./gauges.ts";
import type { LastResort } from "./last-resort.ts";
import { DatabaseRecords, HttpRecords, type RecordedEvent, type Records } from "./records.ts";
import type { RunWindow } from "./scenario.ts";

/** Added to the window of an event that the run makes: for preparing, and for stragglers. */
const WINDOW_RESERVE_MS = 10 * 60_000;
const SECRET_BYTES = 48;
/** A server follows its database within a second: it may not know yet of an event just made. */
const FOLLOW_TIMEOUT_MS = 2_000;
const FOLLOW_POLL_MS = 100;

export interface StageOptions {
  /**
   * Undefined for a database of the run's own, which is removed at its end; and where a server is
   * there, for one that is read over HTTP.
   */
  readonly database: DatabaseConfig | undefined;
  readonly redisUrl: string | undefined;
  /** Undefined for an event of the run's own, of this stock. */
  readonly eventId: string | undefined;
  readonly stock: number;
  /** When the run's own event is open; undefined for all the time. */
  readonly window: RunWindow | undefined;
  /** How long the run lasts at most; an event of its own is open for longer. */
  readonly runMs: number;
  /** How many accounts are made before; claims need none. */
  readonly seededMembers: number;
  /** A server that is there, with the keys it accepts; undefined to start one. */
  readonly server: { readonly url: URL; readonly tokens: TokenConfig } | undefined;
  /** Web processes of a server that is started. */
  readonly webProcesses: number;
}

export interface Stage {
  readonly records: Records;
  readonly event: RecordedEvent;
  /** The run has made the event. */
  readonly ownEvent: boolean;
  readonly redis: Redis | undefined;
  readonly url: URL;
  readonly tokens: TokenConfig;
  /** The server that the run started; undefined where one was there. */
  readonly ownServer: ChildServer | undefined;
  /** Plans the window of the run's own event; undefined where there is nothing to plan. */
  readonly planWindow: ((startAtMs: number) => Promise<void>) | undefined;
  /** What decides claims, `embedded` or `redis`; undefined where the server does not tell. */
  readonly engine: string | undefined;
  /** Claims are decided by the clock of this machine. */
  readonly sameClock: boolean;
}

/**
 * Sets everything up, saying what it does. Each thing is undone with `resources`, in reverse.
 *
 * @param lastResort what would be left of the run if it were broken off
 * @throws CliError when there is no such event, or it cannot be open for as long as the run
 */
export async function setStage(
  options: StageOptions,
  resources: AsyncDisposableStack,
  say: (what: string) => void,
  lastResort: LastResort,
): Promise<Stage> {
  const { server } = options;
  if (server !== undefined && options.database === undefined) {
    return await setStageOverHttp(options, server, resources);
  }
  const isScratch = options.database === undefined;
  const config = options.database ?? (await scratchDatabase(resources, lastResort));
  // A server or an event that is there has its database already: another one is a mistake.
  const create = server === undefined && options.eventId === undefined;
  const database = await openDatabase(config.db, config.dbToken, { create });
  resources.defer(() => database.close());
  if (options.seededMembers > 0) {
    say(`making ${options.seededMembers.toLocaleString("en-US")} members`);
    await seedMembers(database, options.seededMembers, { actor: "program" });
  }
  const eventId = options.eventId ?? (await createOwnEvent(database, options));
  const redis = await connectRedis(options.redisUrl, resources);
  const records = new DatabaseRecords(database, eventId, redis);
  const event = await requireEvent(records, eventId);
  if (redis !== undefined && isScratch) {
    const keys = Object.values(eventKeys(event.id));
    resources.defer(async () => {
      await redis.unlink(...keys);
    });
  }
  const { window } = options;
  const ownEvent = options.eventId === undefined;
  const planWindow =
    !ownEvent || window === undefined
      ? undefined
      : async (startAtMs: number) => await addOwnWindow(database, eventId, window, startAtMs);
  const common = { records, event, ownEvent, redis, planWindow };
  if (server !== undefined) {
    const decider = await findDecider(server.url, options.redisUrl);
    return { ...common, ...server, ...decider, ownServer: undefined };
  }
  say("starting the server");
  const tokens = randomTokens();
  const ownServer = await startServer(
    { database: config, tokens, redisUrl: options.redisUrl, workers: options.webProcesses },
    resources,
  );
  lastResort.add(() => ownServer.kill());
  const decider = await findDecider(ownServer.url, options.redisUrl);
  return { ...common, ...decider, url: ownServer.url, tokens, ownServer };
}

/** The stage where nothing is known of a server but its address and the secret of its tokens. */
async function setStageOverHttp(
  { eventId, redisUrl, seededMembers }: StageOptions,
  server: NonNullable<StageOptions["server"]>,
  resources: AsyncDisposableStack,
): Promise<Stage> {
  if (eventId === undefined || seededMembers > 0) {
    throw new CliError("an event can only be made in a database: name an --event, or the --db");
  }
  const records = new HttpRecords(server.url, eventId, server.tokens);
  const deadlineMs = performance.now() + FOLLOW_TIMEOUT_MS;
  while ((await records.event()) === undefined && performance.now() < deadlineMs) {
    await Bun.sleep(FOLLOW_POLL_MS);
  }
  const event = await requireEvent(records, eventId);
  const redis = await connectRedis(redisUrl, resources);
  const decider = await findDecider(server.url, redisUrl);
  const none = { ownServer: undefined, planWindow: undefined };
  return { records, event, ownEvent: false, redis, ...server, ...decider, ...none };
}

/** What decides claims, and whether by this machine's clock; where that is not known, it is not. */
async function findDecider(
  url: URL,
  redisUrl: string | undefined,
): Promise<Pick<Stage, "engine" | "sameClock">> {
  if (redisUrl !== undefined) {
    return { engine: "redis", sameClock: isLoopback(url) && isLoopback(new URL(redisUrl)) };
  }
  const engine = (await readReadiness(url))?.engine;
  return { engine, sameClock: isLoopback(url) && engine !== "redis" };
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/**
 * The stage with its own server started again, which brings to the ledger what the one that died
 * had decided.
 */
export async function reviveServer(
  stage: Stage,
  died: ChildServer,
  resources: AsyncDisposableStack,
  lastResort: LastResort,
): Promise<Stage> {
  const ownServer = await startServer(died.options, resources);
  lastResort.add(() => ownServer.kill());
  return { ...stage, url: ownServer.url, ownServer };
}

async function startServer(
  options: ChildServerOptions,
  resources: AsyncDisposableStack,
): Promise<ChildServer> {
  const server = await ChildServer.start(options);
  resources.defer(async () => {
    await server.stop();
  });
  return server;
}

/** The server, which was killed a moment ago, may still be writing. */
const REMOVAL_ATTEMPTS = 20;

async function scratchDatabase(
  resources: AsyncDisposableStack,
  lastResort: LastResort,
): Promise<DatabaseConfig> {
  const directory = await mkdtemp(join(tmpdir(), "couponlive-"));
  lastResort.add(() => {
    rmSync(directory, { recursive: true, force: true, maxRetries: REMOVAL_ATTEMPTS });
  });
  resources.defer(async () => {
    await rm(directory, { recursive: true, force: true });
  });
  return { db: join(directory, "couponlive.db"), dbToken: undefined };
}

async function requireEvent(records: Records, eventId: string): Promise<RecordedEvent> {
  const event = await records.event();
  if (event === undefined) {
    throw new CliError(`there is no event with the id ${eventId}: see \`couponlive event list\``);
  }
  return event;
}

/** An event of the run's own, which opens now unless the scenario wants another window. */
async function createOwnEvent(
  database: Database,
  { stock, runMs, window }: StageOptions,
): Promise<string> {
  const windowLengthMs = runMs + WINDOW_RESERVE_MS;
  if (windowLengthMs > EVENT_LIMITS.windowLengthMs) {
    throw new CliError(
      "the run is too long for one window of an event: give it a shorter --duration",
    );
  }
  const { id } = await createEvent(database, { name: "Simulation", stock, windowLengthMs });
  const nowMs = Date.now();
  if (window === undefined) await addWindows(database, id, [{ opensAtMs: nowMs }], { nowMs });
  return id;
}

async function addOwnWindow(
  database: Database,
  eventId: string,
  { opensMs, closesMs }: RunWindow,
  startAtMs: number,
): Promise<void> {
  const opensAtMs = Math.round(startAtMs + opensMs);
  const closesAtMs = Number.isFinite(closesMs) ? Math.round(startAtMs + closesMs) : undefined;
  await addWindows(database, eventId, [{ opensAtMs, closesAtMs }], { nowMs: Date.now() });
}

async function connectRedis(
  url: string | undefined,
  resources: AsyncDisposableStack,
): Promise<Redis | undefined> {
  if (url === undefined) return undefined;
  try {
    const connection = await RedisConnection.open(url, () => undefined);
    resources.defer(() => connection.close());
    return connection.client;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(
      `Redis cannot be used (${why}): is --redis right, and is it up?`,
      EXIT.failed,
    );
  }
}

/** Keys that nobody else knows, for a server that lives as long as the run. */
function randomTokens(): TokenConfig {
  return {
    secret: randomBytes(SECRET_BYTES).toString("base64url"),
    previousSecret: undefined,
    issuer: DEFAULTS.issuer,
    audience: DEFAULTS.audience,
  };
}
