/**
 * One database, one decider: the embedded engine of one process, or one Redis. Two would each issue
 * every rank. The embedded engine holds a lock (ledger/engine-lock.ts). A Redis is named in the
 * database as long as it may hold coupons that the ledger does not: until a server stops drained.
 */
import { eq, sql } from "drizzle-orm";
import type { Redis } from "ioredis";
import { deciders } from "../../schema/tables.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import type { Database } from "./database.ts";

const HEARTBEAT_INTERVAL_MS = 2_000;
/** A decider that has not been seen for this long is not serving. */
const GONE_AFTER_MS = 10_000;

/** Names the data of a Redis: it changes when they are lost, and not when it restarts with them. */
const DATASET_KEY = "couponlive:dataset";

export interface Decider {
  /** Rejects when another decider has taken over. */
  readonly lost: Promise<never>;
  stopHeartbeat(): void;
  /** Everything is in the ledger: from now on any engine may decide. */
  release(): Promise<void>;
}

/** The name of the data that this Redis holds. */
export async function redisDataset(redis: Redis): Promise<string> {
  await redis.set(DATASET_KEY, crypto.randomUUID(), "NX");
  const dataset = await redis.get(DATASET_KEY);
  if (dataset === null) throw new Error("Redis does not keep what it is told");
  return dataset;
}

/** Whether a Redis decides for the database, or may have coupons that the ledger lacks. */
export async function isDecidedByRedis(database: Database): Promise<boolean> {
  return (await database.orm.select({ id: deciders.id }).from(deciders)).length > 0;
}

/** False when another Redis than this one decides for the database. */
export async function mayDecide(database: Database, redis: Redis): Promise<boolean> {
  const [decider] = await database.orm.select({ name: deciders.name }).from(deciders);
  return decider === undefined || decider.name === (await redis.get(DATASET_KEY));
}

/**
 * Makes sure that no Redis decides for the database, or may have coupons of it.
 *
 * @param takeOver the operator says that the other Redis is lost
 * @throws CliError when one does
 */
export async function requireNoDecider(database: Database, takeOver: boolean): Promise<void> {
  await database.orm.transaction(async (transaction) => {
    const [other] = await transaction.select().from(deciders);
    if (other === undefined) return;
    refuse(other.seenAtMs, takeOver);
    await transaction.delete(deciders);
  });
}

/**
 * Names this Redis as the one that decides, and keeps saying so.
 *
 * @throws CliError when another one does
 */
export async function becomeDecider(
  database: Database,
  name: string,
  takeOver: boolean,
): Promise<Decider> {
  await database.orm.transaction(async (transaction) => {
    const [other] = await transaction.select().from(deciders);
    if (other !== undefined && other.name !== name) refuse(other.seenAtMs, takeOver);
    await transaction.delete(deciders);
    await transaction.insert(deciders).values({ id: 1, name, seenAtMs: Date.now() });
  });
  const { promise: lost, reject } = Promise.withResolvers<never>();
  lost.catch(() => undefined);
  const timer = setInterval(async () => {
    const kept = await heartbeat(database, name).catch(() => true);
    if (!kept) reject(new Error("another Redis now decides for this database"));
  }, HEARTBEAT_INTERVAL_MS);
  return {
    lost,
    stopHeartbeat: () => clearInterval(timer),
    release: async () => {
      await database.orm.delete(deciders).where(eq(deciders.name, name));
    },
  };
}

/** False when another one has been named. A server that stopped drained beside us is no other. */
async function heartbeat(database: Database, name: string): Promise<boolean> {
  const seenAtMs = Date.now();
  const { rowsAffected } = await database.orm
    .insert(deciders)
    .values({ id: 1, name, seenAtMs })
    .onConflictDoUpdate({
      target: deciders.id,
      set: { seenAtMs },
      setWhere: sql`${deciders.name} = ${name}`,
    });
  return rowsAffected === 1;
}

function refuse(seenAtMs: number, takeOver: boolean): void {
  const serving = Date.now() - seenAtMs < GONE_AFTER_MS;
  if (serving) {
    throw new CliError(
      "another Redis decides for this database, and its server was seen a moment ago: stop that server first",
      EXIT.failed,
    );
  }
  if (takeOver) return;
  throw new CliError(
    "another Redis decided for this database and may hold coupons that the ledger lacks: start its server and stop it in order, or add --take-over if that Redis is lost for good",
    EXIT.failed,
  );
}
