/** Revoking a coupon: its rank and code stay with its member, and are worth nothing from then on. */
import { and, eq, sql } from "drizzle-orm";
import { events, issuances } from "../../../schema/tables.ts";
import { type Actor, recordAudit } from "../audit.ts";
import { changeCatalogue } from "../events/change.ts";
import type { EventDefinition } from "../events/event.ts";
import type { Queryable } from "../events/event-rows.ts";
import { EVENT_LIMITS } from "../events/limits.ts";
import { inWriteTransaction } from "../write-transaction.ts";
import { type IssuanceSource, requireInLedger } from "./arrival.ts";
import { type Issuance, isoTime, issuanceColumns } from "./issuance.ts";
import { IssuanceError } from "./issuance-error.ts";
import { readIssuance } from "./read.ts";
import type { Selector } from "./selector.ts";

export const MAX_REASON_LENGTH = 500;

export interface RevocationRequest {
  readonly selector: Selector;
  /** For whoever looks at the coupon later: 1 to 500 characters, none of them a control character. */
  readonly reason: string;
  /** Lets the event issue one rank more in its place (docs/decisions/returned-coupons.md). */
  readonly giveBack: boolean;
  readonly actor: Actor;
  readonly nowMs: number;
}

/**
 * Revokes the coupon.
 *
 * @throws IssuanceError `already_redeemed` and `already_revoked`, which cannot be revoked,
 * `cannot_return`, `unknown_issuance`, `not_in_ledger_yet`, `invalid_input`
 */
export async function revokeIssuance(
  source: IssuanceSource,
  event: EventDefinition,
  request: RevocationRequest,
): Promise<Issuance> {
  const reason = request.reason.trim();
  if (reason === "" || reason.length > MAX_REASON_LENGTH || /\p{Cc}/u.test(reason)) {
    throw new IssuanceError(
      "invalid_input",
      `the reason must have 1 to ${MAX_REASON_LENGTH} characters, none of them a control character`,
    );
  }
  const { rank } = await requireInLedger(source, event, request.selector);
  const revocation = { ...request, reason, eventId: event.id, rank };
  if (!request.giveBack) {
    return await inWriteTransaction(source.database, (transaction) =>
      revoke(transaction, revocation),
    );
  }
  return await changeCatalogue(source.database, async (transaction, revision) => {
    await giveBack(transaction, event.id, revision);
    return await revoke(transaction, revocation);
  });
}

async function revoke(
  transaction: Queryable,
  request: RevocationRequest & { readonly eventId: string; readonly rank: number },
): Promise<Issuance> {
  const { eventId, rank, reason, giveBack: returned, actor, nowMs } = request;
  const [revoked] = await transaction
    .update(issuances)
    .set({ status: "revoked", revokedAtMs: nowMs, revocationReason: reason })
    .where(
      and(eq(issuances.eventId, eventId), eq(issuances.rank, rank), eq(issuances.status, "issued")),
    )
    .returning(issuanceColumns);
  if (revoked === undefined) throw await refusal(transaction, eventId, rank);
  await recordAudit(transaction, {
    actor,
    action: "issuance.revoke",
    eventId,
    subject: `rank ${rank}`,
    details: { memberId: revoked.memberId, reason, returned },
    atMs: nowMs,
  });
  return revoked;
}

/** Raises what the event may issue by one. Running servers follow the new revision. */
async function giveBack(transaction: Queryable, eventId: string, revision: number): Promise<void> {
  const [event] = await transaction
    .update(events)
    .set({ returned: sql`${events.returned} + 1`, revision })
    .where(eq(events.id, eventId))
    .returning({
      stock: events.stock,
      returned: events.returned,
      codesImported: events.codesImported,
      ended: events.ended,
    });
  if (event === undefined) throw new IssuanceError("unknown_event", `there is no event ${eventId}`);
  const cannot = (why: string) =>
    new IssuanceError("cannot_return", `${why}: revoke it without giving it back`);
  if (event.ended) throw cannot(`event ${eventId} has ended and issues nothing more`);
  if (event.codesImported) {
    throw cannot(`event ${eventId} brought its own codes and has none for another rank`);
  }
  if (event.stock + event.returned > EVENT_LIMITS.stock) {
    throw cannot(`event ${eventId} may issue no more than ${EVENT_LIMITS.stock} ranks`);
  }
}

async function refusal(
  transaction: Queryable,
  eventId: string,
  rank: number,
): Promise<IssuanceError> {
  const issuance = await readIssuance(transaction, eventId, { by: "rank", rank });
  const { redeemedAtMs = null, revokedAtMs = null } = issuance ?? {};
  if (revokedAtMs !== null) {
    const revokedAt = isoTime(revokedAtMs);
    return new IssuanceError("already_revoked", `rank ${rank} was revoked at ${revokedAt}`, {
      revokedAt,
    });
  }
  if (redeemedAtMs === null) throw new Error("a coupon is neither redeemed nor revoked nor issued");
  const redeemedAt = isoTime(redeemedAtMs);
  return new IssuanceError(
    "already_redeemed",
    `rank ${rank} was redeemed at ${redeemedAt}: what was redeemed cannot be revoked`,
    { redeemedAt },
  );
}
