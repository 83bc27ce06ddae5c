/**
 * Measures what this machine can do at most, in a few seconds: HTTP, the engine, the ledger. All of
 * it happens in a scratch database and in keys of its own, which are gone afterwards.
 */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { Combiner } from "../server/claims/combiner.ts";
import { EmbeddedEngine } from "../server/claims/embedded-engine.ts";
import type { ClaimEngine } from "../server/claims/engine.ts";
import { RedisConnection } from "../server/claims/redis/connection.ts";
import { eventKeys } from "../server/claims/redis/keys.ts";
import { RedisEngine } from "../server/claims/redis/redis-engine.ts";
import { type Database, openDatabase } from "../server/database.ts";
import { addWindows, createEvent, findEvent } from "../server/events/administration.ts";
import type { EventDefinition } from "../server/events/event.ts";
import { EVENT_LIMITS } from "../server/events/limits.ts";
import { CommitThread } from "../server/ledger/commit-thread.ts";
import { insertMissing } from "../server/ledger/insert.ts";
import { measureClaims, measureHttp } from "./web-ceilings.ts";

/** Claims that are under way at once: enough to fill the combiner's batches. */
const ENGINE_CLAIMERS = 1_024;
const LEDGER_BATCH = 1_000;
const WINDOW_LENGTH_MS = 60 * 60_000;
/** Should this process be killed, Redis forgets the keys by itself. */
const KEY_LIFETIME_SECONDS = 60;

/** How long each is measured, in ms. */
export interface Durations {
  readonly web: number;
  readonly engine: number;
  readonly ledger: number;
}

const DURATIONS: Durations = { web: 2_000, engine: 1_000, ledger: 500 };

export interface Ceilings {
  readonly engine: ClaimEngine["kind"];
  /** Requests a second that one web process answers, if answering costs nothing. */
  readonly httpPerSecond: number;
  /** Claims a second that one web process answers, on the embedded engine. */
  readonly claimsPerSecond: number;
  /** Claims a second that the engine decides, made durable as it promises. */
  readonly enginePerSecond: number;
  /** Issuances a second that the ledger takes in. */
  readonly ledgerPerSecond: number;
}

/**
 * @param folder where the scratch databases lie: on the disk that the real one is on
 * @param redisUrl undefined for the embedded engine
 * @throws when something cannot be measured
 */
export async function measureCeilings(
  folder: string,
  redisUrl: string | undefined,
  durations: Durations = DURATIONS,
): Promise<Ceilings> {
  return await withScratch(folder, async (scratch) => {
    const httpPerSecond = await measureHttp(durations.web);
    const served = join(scratch, "served.db");
    const servedEvent = await onScratch(served, openEvent);
    const claimsPerSecond = await measureClaims(served, servedEvent.id, durations.web);
    const path = join(scratch, "scratch.db");
    return await onScratch(path, async (database) => {
      const event = await openEvent(database);
      const crowdMs = durations.engine;
      const enginePerSecond =
        redisUrl === undefined
          ? await measureEmbedded(database, path, event, crowdMs)
          : await measureRedis(database, redisUrl, event, crowdMs);
      const other = await openEvent(database);
      const ledgerPerSecond = await measureLedger(database, other, durations.ledger);
      const engine = redisUrl === undefined ? "embedded" : "redis";
      return { engine, httpPerSecond, claimsPerSecond, enginePerSecond, ledgerPerSecond };
    });
  });
}

async function onScratch<T>(path: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(path);
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

/** Gives the work a folder, and removes it, also when the program is ended meanwhile. */
async function withScratch<T>(folder: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(folder, ".couponlive-doctor-"));
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  const onSignal = (signal: NodeJS.Signals) => {
    remove();
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    process.kill(process.pid, signal);
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    return await work(scratch);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    remove();
  }
}

/** An event that is open now, by the clock of whichever engine, with more stock than can be issued. */
async function openEvent(database: Database): Promise<EventDefinition> {
  const { id } = await createEvent(database, {
    name: "doctor",
    id: `doctor-${crypto.randomUUID()}`,
    stock: EVENT_LIMITS.stock,
    windowLengthMs: WINDOW_LENGTH_MS,
  });
  const opensAtMs = Date.now() - WINDOW_LENGTH_MS / 2;
  await addWindows(database, id, [{ opensAtMs }], { nowMs: opensAtMs });
  const event = await findEvent(database, id);
  if (event === undefined) throw new Error("the scratch database lost its event");
  return event;
}

async function measureEmbedded(
  database: Database,
  path: string,
  event: EventDefinition,
  durationMs: number,
): Promise<number> {
  const failure = Promise.withResolvers<never>();
  const thread = new CommitThread({
    onDeath: failure.reject,
    onContradiction: () => failure.reject(new Error("the scratch ledger contradicts itself")),
    onMoveFailure: (reason) => failure.reject(new Error(reason)),
  });
  try {
    await thread.open({ db: path, dbToken: undefined });
    const engine = new EmbeddedEngine({
      database,
      store: thread,
      nowMs: Date.now,
      onFailure: failure.reject,
    });
    return await Promise.race([crowd(engine, event, durationMs), failure.promise]);
  } finally {
    await thread.abandon();
  }
}

async function measureRedis(
  database: Database,
  redisUrl: string,
  event: EventDefinition,
  durationMs: number,
): Promise<number> {
  const connection = await RedisConnection.open(redisUrl, () => undefined);
  const keys = Object.values(eventKeys(event.id));
  try {
    const engine = new RedisEngine(connection, database);
    await engine.claim(event, ["first"]);
    for (const key of keys) await connection.client.expire(key, KEY_LIFETIME_SECONDS);
    return await crowd(engine, event, durationMs);
  } finally {
    await connection.client.unlink(keys);
    connection.close();
  }
}

/** Members who all claim as soon as the one before has been answered. */
async function crowd(
  engine: ClaimEngine,
  event: EventDefinition,
  durationMs: number,
): Promise<number> {
  const combiner = new Combiner(engine);
  const startedMs = performance.now();
  const endsAtMs = startedMs + durationMs;
  let claims = 0;
  const claimer = async () => {
    while (performance.now() < endsAtMs) {
      const { outcome } = await combiner.claim(event, `doctor-${claims++}`);
      if (outcome !== "issued") throw new Error(`a claim of the doctor's own was ${outcome}`);
    }
  };
  await Promise.all(Array.from({ length: ENGINE_CLAIMERS }, claimer));
  return perSecond(claims, performance.now() - startedMs);
}

async function measureLedger(
  { client }: Database,
  event: EventDefinition,
  durationMs: number,
): Promise<number> {
  const startedMs = performance.now();
  let rank = 0;
  while (performance.now() < startedMs + durationMs) {
    const rows = Array.from({ length: LEDGER_BATCH }, () => {
      rank++;
      return {
        eventId: event.id,
        rank,
        memberId: `doctor-${rank}`,
        code: String(rank),
        windowId: event.windows[0]?.id ?? 0,
        issuedAtMs: Date.now(),
      };
    });
    await insertMissing(client, rows);
  }
  return perSecond(rank, performance.now() - startedMs);
}

function perSecond(count: number, elapsedMs: number): number {
  return Math.round((count * 1_000) / elapsedMs);
}
