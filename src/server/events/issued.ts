/**
 * What an event has issued, for changes that depend on it. Inside the change's transaction nothing
 * reaches ledger and outbox, and the embedded engine commits nothing that the changed event does not
 * allow. Where a Redis decides, only that one knows.
 */
import type { Redis } from "ioredis";
import { deciders } from "../../../schema/tables.ts";
import { countIssuedInRedis } from "../claims/redis/consent.ts";
import { redisDataset } from "../decider.ts";
import { countOutboxWithin } from "../ledger/outbox.ts";
import { countIssued } from "./administration.ts";
import { EventError } from "./event-error.ts";
import type { Queryable } from "./event-rows.ts";

/** How many coupons of the event are in ledger and outbox. */
export async function countInDatabase(transaction: Queryable, eventId: string): Promise<number> {
  return (
    (await countIssued(transaction, eventId)) + (await countOutboxWithin(transaction, eventId))
  );
}

/**
 * The Redis that decides, or may hold coupons that the ledger lacks; undefined where none does.
 *
 * @param redis the one that was named
 * @throws EventError (`redis_needed`) when none was named, or it is not the one
 */
export async function requireDecidingRedis(
  transaction: Queryable,
  redis: Redis | undefined,
): Promise<Redis | undefined> {
  const [decider] = await transaction.select().from(deciders);
  if (decider === undefined) return undefined;
  if (redis === undefined) {
    throw new EventError(
      "redis_needed",
      "a Redis decides for this database, and only it knows what is issued: name it with --redis (COUPONLIVE_REDIS)",
    );
  }
  if ((await redisDataset(redis)) === decider.name) return redis;
  throw new EventError(
    "redis_needed",
    "another Redis decides for this database than the one that is named: name the one that its server uses (--redis, COUPONLIVE_REDIS)",
  );
}

/** How many coupons the event has issued by all accounts. @throws EventError (`redis_needed`) */
export async function countEverywhere(
  transaction: Queryable,
  eventId: string,
  redis: Redis | undefined,
): Promise<number> {
  const inDatabase = await countInDatabase(transaction, eventId);
  const deciding = await requireDecidingRedis(transaction, redis);
  if (deciding === undefined) return inDatabase;
  return Math.max(inDatabase, await countIssuedInRedis(deciding, eventId));
}
