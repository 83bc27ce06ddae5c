/**
 * What an event has issued, for changes that depend on it. Inside the change's transaction nothing
 * reaches ledger and outbox, and the embedded engine commits nothing that the changed event does not
 * allow. Where a Redis decides, only that one knows: it is asked before the transaction.
 */
import type { Redis } from "ioredis";
import { deciders } from "../../../schema/tables.ts";
import { askRedis } from "../claims/redis/consent.ts";
import type { Database } from "../database.ts";
import { redisDataset } from "../decider.ts";
import { countOutboxWithin } from "../ledger/outbox.ts";
import { countIssued } from "./administration.ts";
import type { EventDefinition } from "./event.ts";
import { EventError } from "./event-error.ts";
import type { Queryable } from "./event-rows.ts";

/** How often a change is begun anew because the event was changed in between. */
const MAX_ATTEMPTS = 5;

/** Who decides for a database, as it was found. */
export interface Deciding {
  /** As the table `deciders` names it; undefined where no Redis decides. */
  readonly name: string | undefined;
  /** The Redis of that name. */
  readonly redis: Redis | undefined;
}

/** The event or its decider is no longer what the change was agreed on: `agree` begins it anew. */
export class ChangedMeanwhileError extends Error {}

/** How many coupons of the event are in ledger and outbox. */
export async function countInDatabase(queryable: Queryable, eventId: string): Promise<number> {
  return (await countIssued(queryable, eventId)) + (await countOutboxWithin(queryable, eventId));
}

/**
 * Who decides, or may hold coupons that the ledger lacks.
 *
 * @param redis the one that was named
 * @throws EventError (`redis_needed`) when one decides, and none or another one was named
 * @throws EngineUnavailableError when the one that was named does not answer
 */
export async function findDecider(database: Database, redis: Redis | undefined): Promise<Deciding> {
  const [decider] = await database.orm.select().from(deciders);
  if (decider === undefined) return { name: undefined, redis: undefined };
  if (redis === undefined) {
    throw new EventError(
      "redis_needed",
      "a Redis decides for this database, and only it knows what is issued: name it with --redis (COUPONLIVE_REDIS)",
    );
  }
  if ((await askRedis(() => redisDataset(redis))) === decider.name)
    return { name: decider.name, redis };
  throw new EventError(
    "redis_needed",
    "another Redis decides for this database than the one that is named: name the one that its server uses (--redis, COUPONLIVE_REDIS)",
  );
}

/**
 * Makes a change that Redis and the database agree on one after the other. The attempt asks Redis,
 * and in its transaction calls `requireUnchanged`; where that finds a change in between, it is begun
 * anew.
 *
 * @throws EventError (`changed_meanwhile`) when the event changes faster than that
 */
export async function agree<T>(eventId: string, attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; attempts <= MAX_ATTEMPTS; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ChangedMeanwhileError)) throw error;
    }
  }
  throw new EventError(
    "changed_meanwhile",
    `event ${eventId} is being changed by others: try again`,
  );
}

/** In the transaction: the event and who decides are as they were when Redis was asked. */
export async function requireUnchanged(
  transaction: Queryable,
  deciding: Deciding,
  asked: EventDefinition,
  now: EventDefinition,
): Promise<void> {
  const [decider] = await transaction.select({ name: deciders.name }).from(deciders);
  if (decider?.name === deciding.name && now.revision === asked.revision) return;
  throw new ChangedMeanwhileError();
}
