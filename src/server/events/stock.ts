/** Restocking: more coupons, or fewer, down to what is issued. */
import { count, eq } from "drizzle-orm";
import type { Redis } from "ioredis";
import { importedCodes } from "../../../schema/tables.ts";
import { type Actor, recordAudit } from "../audit.ts";
import { lowerStockInRedis } from "../claims/redis/consent.ts";
import type { Database } from "../database.ts";
import { changeCatalogue, updateEvent } from "./change.ts";
import { type EventDefinition, lastIssuableRank } from "./event.ts";
import { EventError } from "./event-error.ts";
import { type Queryable, requireEvent, requireRunningEvent } from "./event-rows.ts";
import {
  agree,
  ChangedMeanwhileError,
  countInDatabase,
  type Deciding,
  findDecider,
  requireUnchanged,
} from "./issued.ts";
import { EVENT_LIMITS, requireWholeNumber } from "./limits.ts";

/**
 * Sets the stock of an event. Ranks beyond the former stock take the last tier's coupon.
 *
 * A lower stock is agreed with whoever decides: no coupon beyond it is issued once this resolves, nor
 * was one before (docs/decisions/lowering-stock.md).
 *
 * @param redis the Redis that decides, where one does; a higher stock needs none
 * @throws EventError (`stock_below_issued`, `redis_needed`, or `invalid_codes` where the event
 * brought fewer codes than that)
 * @throws EngineUnavailableError when Redis does not answer
 */
export async function restockEvent(
  database: Database,
  eventId: string,
  stock: number,
  actor: Actor = "program",
  redis?: Redis,
): Promise<EventDefinition> {
  requireWholeNumber("the stock", stock, 1, EVENT_LIMITS.stock);
  return await agree(eventId, async () => {
    const asked = await requireRunningEvent(database.orm, eventId);
    const isLower = stock < asked.stock;
    const deciding = isLower
      ? await agreeWithRedis(database, { ...asked, stock }, redis)
      : undefined;
    return await changeCatalogue(database, async (transaction, revision) => {
      const before = await requireRunningEvent(transaction, eventId);
      const after = { ...before, stock };
      if (deciding !== undefined) {
        await requireUnchanged(transaction, deciding, asked, before);
        requireIssuedWithin(after, await countInDatabase(transaction, eventId));
      } else if (stock < before.stock) {
        // It was raised since: what was to be more is now less, and must be agreed on.
        throw new ChangedMeanwhileError();
      }
      if (before.codesImported) await requireCodesFor(transaction, eventId, stock);
      await updateEvent(transaction, eventId, revision, { stock });
      const details = { from: before.stock, to: stock };
      const entry = { actor, action: "event.restock", eventId, details, atMs: Date.now() };
      await recordAudit(transaction, entry);
      return await requireEvent(transaction, eventId);
    });
  });
}

/** Has the Redis that decides, where one does, issue no more than the event's new stock. */
async function agreeWithRedis(
  database: Database,
  event: EventDefinition,
  redis: Redis | undefined,
): Promise<Deciding> {
  // First, for Redis keeps to what it is told though the change is refused afterwards.
  requireIssuedWithin(event, await countInDatabase(database.orm, event.id));
  const deciding = await findDecider(database, redis);
  if (deciding.redis !== undefined) {
    requireIssuedWithin(event, await lowerStockInRedis(deciding.redis, event));
  }
  return deciding;
}

async function requireCodesFor(
  transaction: Queryable,
  eventId: string,
  stock: number,
): Promise<void> {
  const [row] = await transaction
    .select({ codes: count() })
    .from(importedCodes)
    .where(eq(importedCodes.eventId, eventId));
  const codes = row?.codes ?? 0;
  if (stock <= codes) return;
  throw new EventError(
    "invalid_codes",
    `event ${eventId} brought ${codes} codes: its stock cannot be ${stock}`,
  );
}

function requireIssuedWithin(event: EventDefinition, issued: number): void {
  if (issued <= lastIssuableRank(event)) return;
  const { id, stock, returned } = event;
  const counted =
    returned === 0
      ? `has issued ${issued} coupons`
      : `has issued ${issued} coupons, ${returned} of which were given back`;
  throw new EventError(
    "stock_below_issued",
    `event ${id} ${counted}: its stock cannot be ${stock}`,
  );
}
