/** What a run needs around its load: database, event, server. All of it goes when the run is over. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { type DatabaseConfig, DEFAULTS, type TokenConfig } from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { RedisConnection } from "../server/claims/redis/connection.ts";
import { eventKeys } from "../server/claims/redis/keys.ts";
import { type Database, openDatabase } from "../server/database.ts";
import { addWindows, createEvent, findEvent } from "../server/events/administration.ts";
import type { EventDefinition } from "../server/events/event.ts";
import { EVENT_LIMITS } from "../server/events/limits.ts";
import { seedMembers } from "../server/members/seed.ts";
import { ChildServer, type ChildServerOptions } from "./child-server.ts";

/** Added to the window of an event that the run makes: for preparing, and for stragglers. */
const WINDOW_RESERVE_MS = 10 * 60_000;
const SECRET_BYTES = 48;

export interface StageOptions {
  /** Undefined for a database of the run's own, which is removed at its end. */
  readonly database: DatabaseConfig | undefined;
  readonly redisUrl: string | undefined;
  /** Undefined for an event of the run's own, of this stock. */
  readonly eventId: string | undefined;
  readonly stock: number;
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
  readonly database: Database;
  readonly event: EventDefinition;
  readonly redis: Redis | undefined;
  readonly url: URL;
  readonly tokens: TokenConfig;
  /** The server that the run started; undefined where one was there. */
  readonly ownServer: ChildServer | undefined;
}

/**
 * Sets everything up, saying what it does. Each thing is undone with `resources`, in reverse.
 *
 * @throws CliError when there is no such event, or it cannot be open for as long as the run
 */
export async function setStage(
  options: StageOptions,
  resources: AsyncDisposableStack,
  say: (what: string) => void,
): Promise<Stage> {
  const isScratch = options.database === undefined;
  const config = options.database ?? (await scratchDatabase(resources));
  const database = await openDatabase(config.db, config.dbToken);
  resources.defer(() => database.close());
  if (options.seededMembers > 0) {
    say(`making ${options.seededMembers.toLocaleString("en-US")} members`);
    await seedMembers(database, options.seededMembers);
  }
  const event = await provideEvent(database, options);
  const redis = await connectRedis(options.redisUrl, resources);
  if (redis !== undefined && isScratch) {
    const keys = Object.values(eventKeys(event.id));
    resources.defer(async () => {
      await redis.unlink(...keys);
    });
  }
  if (options.server !== undefined) {
    return { database, event, redis, ...options.server, ownServer: undefined };
  }
  say("starting the server");
  const tokens = randomTokens();
  const ownServer = await startServer(
    { database: config, tokens, redisUrl: options.redisUrl, workers: options.webProcesses },
    resources,
  );
  return { database, event, redis, url: ownServer.url, tokens, ownServer };
}

/**
 * The stage with its own server started again, which brings to the ledger what the one that died
 * had decided.
 */
export async function reviveServer(
  stage: Stage,
  died: ChildServer,
  resources: AsyncDisposableStack,
): Promise<Stage> {
  const ownServer = await startServer(died.options, resources);
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

async function scratchDatabase(resources: AsyncDisposableStack): Promise<DatabaseConfig> {
  const directory = await mkdtemp(join(tmpdir(), "couponlive-"));
  resources.defer(async () => {
    await rm(directory, { recursive: true, force: true });
  });
  return { db: join(directory, "couponlive.db"), dbToken: undefined };
}

async function provideEvent(
  database: Database,
  { eventId, stock, runMs }: StageOptions,
): Promise<EventDefinition> {
  const id = eventId ?? (await createOpenEvent(database, stock, runMs));
  const event = await findEvent(database, id);
  if (event === undefined) {
    throw new CliError(`there is no event with the id ${id}: see \`couponlive event list\``);
  }
  return event;
}

/** An event whose only window opens now. */
async function createOpenEvent(database: Database, stock: number, runMs: number): Promise<string> {
  const windowLengthMs = runMs + WINDOW_RESERVE_MS;
  if (windowLengthMs > EVENT_LIMITS.windowLengthMs) {
    throw new CliError(
      "the run is too long for one window of an event: give it a shorter --duration",
    );
  }
  const { id } = await createEvent(database, { name: "Simulation", stock, windowLengthMs });
  const nowMs = Date.now();
  await addWindows(database, id, [{ opensAtMs: nowMs }], { nowMs });
  return id;
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
