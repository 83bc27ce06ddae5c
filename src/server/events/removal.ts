/** Deleting an event that has issued nothing. */
import { eq } from "drizzle-orm";
import type { Redis } from "ioredis";
import {
  coupons,
  events,
  fences,
  importedCodes,
  refusals,
  windows,
} from "../../../schema/tables.ts";
import { type Actor, recordAudit } from "../audit.ts";
import { retireFromRedis } from "../claims/redis/consent.ts";
import type { Database } from "../database.ts";
import { changeCatalogue } from "./change.ts";
import { EventError } from "./event-error.ts";
import { requireEvent } from "./event-rows.ts";
import { agree, countInDatabase, findDecider, requireUnchanged } from "./issued.ts";

/**
 * Deletes an event, with its windows and the codes it brought; its audit stays. Running servers
 * forget it within a second, and none of them issues a coupon of it from here on.
 *
 * @param redis the Redis that decides, where one does, or that has decided: its keys of the event go too
 * @throws EventError (`has_issued` when anything was ever issued, `redis_needed`)
 * @throws EngineUnavailableError when Redis does not answer
 */
export async function deleteEvent(
  database: Database,
  eventId: string,
  actor: Actor = "program",
  redis?: Redis,
): Promise<void> {
  await agree(eventId, async () => {
    const asked = await requireEvent(database.orm, eventId);
    refuseIssued(eventId, await countInDatabase(database.orm, eventId));
    const deciding = await findDecider(database, redis);
    const holder = deciding.redis ?? redis;
    if (holder !== undefined) refuseIssued(eventId, await retireFromRedis(holder, asked));
    await changeCatalogue(database, async (transaction) => {
      const event = await requireEvent(transaction, eventId);
      await requireUnchanged(transaction, deciding, asked, event);
      refuseIssued(eventId, await countInDatabase(transaction, eventId));
      for (const table of [coupons, windows, importedCodes, fences, refusals]) {
        await transaction.delete(table).where(eq(table.eventId, eventId));
      }
      await transaction.delete(events).where(eq(events.id, eventId));
      const details = { name: event.name, stock: event.stock };
      const entry = { actor, action: "event.delete", eventId, details, atMs: Date.now() };
      await recordAudit(transaction, entry);
    });
  });
}

function refuseIssued(eventId: string, issued: number): void {
  if (issued === 0) return;
  throw new EventError(
    "has_issued",
    `event ${eventId} has issued coupons and is kept with them: end it instead`,
  );
}
