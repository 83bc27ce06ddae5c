/** What happened to one member of an event, and when: as far as it was kept. */
import { and, desc, eq, lte } from "drizzle-orm";
import { audit, issuances, users } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";
import type { EventDefinition, EventWindow } from "../events/event.ts";
import type { Refusal } from "../refusals/refusal.ts";
import { countUnkept, readRefusal } from "../refusals/store.ts";
import { type FoundIssuance, findIssuance, type IssuanceSource } from "./arrival.ts";

/** The next and the last change of the event that explain a refusal; null where there was none. */
export interface RefusedMoment {
  readonly outcome: string;
  /** When the engine decided. */
  readonly atMs: number;
  /** The last coupon that was issued by then: of the event, or of the window that had run out. */
  readonly lastIssuedAtMs: number | null;
  /** The last window that had closed by then, and the next one that had not opened. */
  readonly closedWindow: EventWindow | null;
  readonly nextWindow: EventWindow | null;
  /** When an administrator had last paused or ended the event by then. */
  readonly changedAtMs: number | null;
}

export interface MemberHistory {
  readonly memberId: string;
  readonly found: FoundIssuance | undefined;
  /** The window in which the coupon was issued. */
  readonly window: EventWindow | undefined;
  readonly refusal:
    | { readonly first: RefusedMoment; readonly last: RefusedMoment; readonly times: number }
    | undefined;
  /** Decisions of the event, of whatever members, that were not kept for want of room. */
  readonly unkept: number;
  readonly account: "active" | "inactive" | "none";
}

/** Gathers what is kept of the member. */
export async function memberHistory(
  source: IssuanceSource,
  event: EventDefinition,
  memberId: string,
): Promise<MemberHistory> {
  const { database } = source;
  const found = await findIssuance(source, event, { by: "member", memberId });
  const refusal = await readRefusal(database.orm, event.id, memberId);
  const [account] = await database.orm
    .select({ active: users.active })
    .from(users)
    .where(eq(users.id, memberId));
  return {
    memberId,
    found,
    window: event.windows.find(({ id }) => id === found?.issuance.windowId),
    refusal: refusal && (await explain(source, event, refusal)),
    unkept: await countUnkept(database.orm, event.id),
    account: account === undefined ? "none" : account.active ? "active" : "inactive",
  };
}

async function explain(source: IssuanceSource, event: EventDefinition, refusal: Refusal) {
  const { firstOutcome, firstAtMs, lastOutcome, lastAtMs, times } = refusal;
  return {
    first: await momentOf(source, event, firstOutcome, firstAtMs),
    last: await momentOf(source, event, lastOutcome, lastAtMs),
    times,
  };
}

async function momentOf(
  source: IssuanceSource,
  event: EventDefinition,
  outcome: string,
  atMs: number,
): Promise<RefusedMoment> {
  const { database } = source;
  const openWindow = event.windows.find((each) => each.opensAtMs <= atMs && atMs < each.closesAtMs);
  const ranOut =
    outcome === "sold_out" || (outcome === "window_exhausted" && openWindow !== undefined);
  const within = outcome === "window_exhausted" ? openWindow?.id : undefined;
  return {
    outcome,
    atMs,
    lastIssuedAtMs: ranOut ? await lastIssuedBy(source, event, atMs, within) : null,
    closedWindow: event.windows.findLast(({ closesAtMs }) => closesAtMs <= atMs) ?? null,
    nextWindow: event.windows.find(({ opensAtMs }) => opensAtMs > atMs) ?? null,
    changedAtMs: await lastChangeBy(database, event.id, outcome, atMs),
  };
}

/** Also what is on its way to the ledger: a rush that has just ended may be there. */
async function lastIssuedBy(
  source: IssuanceSource,
  event: EventDefinition,
  atMs: number,
  windowId: number | undefined,
): Promise<number | null> {
  let lastMs = Number.NEGATIVE_INFINITY;
  for await (const page of source.undelivered(event)) {
    for (const grant of page) {
      if (grant.issuedAtMs > atMs || (windowId ?? grant.windowId) !== grant.windowId) continue;
      lastMs = Math.max(lastMs, grant.issuedAtMs);
    }
  }
  // Later ranks are issued later: from the end, the first that is early enough is the last one.
  const [row] = await source.database.orm
    .select({ issuedAtMs: issuances.issuedAtMs })
    .from(issuances)
    .where(
      and(
        eq(issuances.eventId, event.id),
        lte(issuances.issuedAtMs, atMs),
        windowId === undefined ? undefined : eq(issuances.windowId, windowId),
      ),
    )
    .orderBy(desc(issuances.rank))
    .limit(1);
  lastMs = Math.max(lastMs, row?.issuedAtMs ?? Number.NEGATIVE_INFINITY);
  return Number.isFinite(lastMs) ? lastMs : null;
}

async function lastChangeBy(
  database: Database,
  eventId: string,
  outcome: string,
  atMs: number,
): Promise<number | null> {
  const action = { paused: "event.pause", ended: "event.end" }[outcome];
  if (action === undefined) return null;
  const [entry] = await database.orm
    .select({ atMs: audit.atMs })
    .from(audit)
    .where(and(eq(audit.eventId, eventId), eq(audit.action, action), lte(audit.atMs, atMs)))
    .orderBy(desc(audit.id))
    .limit(1);
  return entry?.atMs ?? null;
}
