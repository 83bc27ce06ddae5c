/** The coupons of one member over all events. */
import { and, eq, inArray } from "drizzle-orm";
import { issuances } from "../../../schema/tables.ts";
import { codeForRank } from "../claims/code.ts";
import type { ClaimEngine } from "../claims/engine.ts";
import type { Database } from "../database.ts";
import type { Catalogue } from "../events/catalogue.ts";
import type { EventDefinition } from "../events/event.ts";
import { isDueForPreparation } from "../events/preparation.ts";
import { withoutValuesInErrors } from "../query-error.ts";

export interface MemberCoupon {
  readonly event: EventDefinition;
  readonly rank: number;
  readonly code: string;
  readonly issuedAtMs: number;
  readonly status: (typeof issuances.$inferSelect)["status"];
}

interface Sources {
  readonly database: Database;
  readonly catalogue: Catalogue;
  readonly engine: ClaimEngine;
}

/**
 * What the ledger holds, and of events that issue now or did a minute ago also what only the engine
 * knows yet; the newest first. One look into an index for each event, and one into the engine for
 * each that issues.
 *
 * @throws EngineUnavailableError as the engine does
 */
export async function findCoupons(
  { database, catalogue, engine }: Sources,
  memberId: string,
  nowMs: number,
): Promise<MemberCoupon[]> {
  const events = catalogue.list();
  const kept = await inLedger(database, events, memberId);
  const keptIn = new Set(kept.map((coupon) => coupon.event.id));
  const asked = events.filter(
    (event) =>
      !keptIn.has(event.id) &&
      isDueForPreparation(event, nowMs) &&
      event.windows.some((window) => window.opensAtMs <= nowMs),
  );
  const fresh = await Promise.all(asked.map((event) => inEngine(engine, event, memberId)));
  return [...kept, ...fresh.flat()].sort((a, b) => b.issuedAtMs - a.issuedAtMs);
}

async function inLedger(
  { orm }: Database,
  events: readonly EventDefinition[],
  memberId: string,
): Promise<MemberCoupon[]> {
  const eventOf = new Map(events.map((event) => [event.id, event]));
  const rows = await withoutValuesInErrors(
    orm
      .select({
        eventId: issuances.eventId,
        rank: issuances.rank,
        code: issuances.code,
        issuedAtMs: issuances.issuedAtMs,
        status: issuances.status,
      })
      .from(issuances)
      // The index is of event and member, in this order.
      .where(and(inArray(issuances.eventId, [...eventOf.keys()]), eq(issuances.userId, memberId))),
  );
  return rows.flatMap(({ eventId, ...coupon }) => {
    const event = eventOf.get(eventId);
    return event === undefined ? [] : [{ event, ...coupon }];
  });
}

async function inEngine(
  engine: ClaimEngine,
  event: EventDefinition,
  memberId: string,
): Promise<MemberCoupon[]> {
  const grant = await engine.find(event, memberId);
  if (grant === undefined) return [];
  const { rank, issuedAtMs } = grant;
  const code = codeForRank(event, rank);
  return [{ event, rank, code, issuedAtMs, status: "issued" }];
}
