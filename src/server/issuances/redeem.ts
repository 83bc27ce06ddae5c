/**
 * Redeeming a coupon: once. One conditional UPDATE decides, so that two processes cannot both redeem
 * it; a key of the caller's tells a repeated request from a second one.
 */
import { and, desc, eq, lte, sql } from "drizzle-orm";
import { coupons, events, issuances } from "../../../schema/tables.ts";
import { type Actor, recordAudit } from "../audit.ts";
import { type CouponTier, couponValidUntilMs, type EventDefinition } from "../events/event.ts";
import type { Queryable } from "../events/event-rows.ts";
import { inWriteTransaction } from "../write-transaction.ts";
import { awaitArrival, findUndelivered, type IssuanceSource } from "./arrival.ts";
import { type Issuance, isoTime, issuanceColumns } from "./issuance.ts";
import { IssuanceError } from "./issuance-error.ts";
import { exactCodeFirst, hasCode } from "./selector.ts";

/** Visible ASCII: what an HTTP header and a till's log hold unchanged. */
export const REDEMPTION_KEY_PATTERN = /^[\x21-\x7e]{1,200}$/;
const KEY_RULE = "a redemption's key must have 1 to 200 visible ASCII characters";

export interface RedemptionRequest {
  readonly code: string;
  /** The same key redeems the same coupon again, with the same answer; it belongs to the coupon. */
  readonly key: string;
  readonly actor: Actor;
  /** Decides whether the coupon has expired. */
  readonly nowMs: number;
}

export interface Redemption {
  readonly issuance: Issuance;
  readonly redeemedAtMs: number;
  readonly eventName: string;
  readonly coupon: Pick<CouponTier, "kind" | "value">;
}

/** The events whose coupons may be on their way to the ledger. */
type Events = () => readonly EventDefinition[] | Promise<readonly EventDefinition[]>;

/**
 * Redeems the coupon, or tells again how it was redeemed with this key.
 *
 * @throws IssuanceError `already_redeemed` with another key, `coupon_revoked`, `coupon_expired`,
 * `unknown_coupon`, `not_in_ledger_yet` for one that was issued a moment ago, `invalid_input`
 */
export async function redeemCoupon(
  source: IssuanceSource,
  events: Events,
  request: RedemptionRequest,
): Promise<Redemption> {
  if (!REDEMPTION_KEY_PATTERN.test(request.key)) {
    throw new IssuanceError("invalid_input", KEY_RULE);
  }
  const redeemed = await redeemInLedger(source, request);
  if (redeemed !== undefined) return redeemed;
  for (const event of await events()) {
    const waiting = await findUndelivered(source, event, { by: "code", code: request.code });
    if (waiting === undefined) continue;
    await awaitArrival(source, event, waiting.rank);
    break;
  }
  // Also where none waits any more: it may have arrived since the ledger was asked.
  const arrived = await redeemInLedger(source, request);
  if (arrived !== undefined) return arrived;
  throw new IssuanceError("unknown_coupon", "no event has issued a coupon with this code");
}

/** A redemption as JSON, the same for the first request and for each that repeats it. */
export function redemptionJson({ issuance, redeemedAtMs, eventName, coupon }: Redemption) {
  return {
    status: "redeemed" as const,
    eventId: issuance.eventId,
    eventName,
    rank: issuance.rank,
    memberId: issuance.memberId,
    code: issuance.code,
    coupon: { kind: coupon.kind, value: coupon.value },
    issuedAt: isoTime(issuance.issuedAtMs),
    redeemedAt: isoTime(redeemedAtMs),
  };
}

/** Undefined when the ledger knows no coupon with this code. */
async function redeemInLedger(
  { database }: IssuanceSource,
  request: RedemptionRequest,
): Promise<Redemption | undefined> {
  return await inWriteTransaction(database, async (transaction) => {
    const [known] = await transaction
      .select({
        eventId: issuances.eventId,
        rank: issuances.rank,
        eventName: events.name,
        validForMs: events.validForMs,
        validUntilMs: events.validUntilMs,
      })
      .from(issuances)
      .innerJoin(events, eq(events.id, issuances.eventId))
      .where(hasCode(request.code))
      .orderBy(exactCodeFirst(request.code))
      .limit(1);
    if (known === undefined) return undefined;
    const issuance =
      (await redeemIssued(transaction, known, request)) ??
      (await requireRedeemedSo(transaction, known, request));
    const coupon = await tierOf(transaction, issuance);
    const { redeemedAtMs } = issuance;
    if (redeemedAtMs === null) throw new Error("a redeemed coupon has no time of redemption");
    return { issuance, redeemedAtMs, eventName: known.eventName, coupon };
  });
}

interface KnownCoupon {
  readonly eventId: string;
  readonly rank: number;
  readonly validForMs: number | null;
  readonly validUntilMs: number | null;
}

/** Undefined when it cannot be redeemed now. */
async function redeemIssued(
  transaction: Queryable,
  { eventId, rank, validForMs, validUntilMs }: KnownCoupon,
  { key, actor, nowMs }: RedemptionRequest,
): Promise<Issuance | undefined> {
  const [redeemed] = await transaction
    .update(issuances)
    .set({ status: "redeemed", redeemedAtMs: nowMs, redemptionKey: key })
    .where(
      and(
        eq(issuances.eventId, eventId),
        eq(issuances.rank, rank),
        eq(issuances.status, "issued"),
        sql`coalesce(${nowMs} < ${issuances.issuedAtMs} + ${validForMs}, true)`,
        sql`coalesce(${nowMs} < ${validUntilMs}, true)`,
      ),
    )
    .returning(issuanceColumns);
  if (redeemed === undefined) return undefined;
  await recordAudit(transaction, {
    actor,
    action: "issuance.redeem",
    eventId,
    subject: `rank ${rank}`,
    details: { memberId: redeemed.memberId },
    atMs: nowMs,
  });
  return redeemed;
}

/** The coupon, where this very request has redeemed it before. @throws IssuanceError why not */
async function requireRedeemedSo(
  transaction: Queryable,
  { eventId, rank, ...validity }: KnownCoupon,
  { key }: RedemptionRequest,
): Promise<Issuance> {
  const [issuance] = await transaction
    .select({ ...issuanceColumns, redemptionKey: issuances.redemptionKey })
    .from(issuances)
    .where(and(eq(issuances.eventId, eventId), eq(issuances.rank, rank)));
  if (issuance === undefined) throw new Error("the coupon has left the ledger");
  const { status, redeemedAtMs, revokedAtMs, redemptionKey } = issuance;
  if (status === "redeemed" && redemptionKey === key) return issuance;
  if (status === "redeemed" && redeemedAtMs !== null) {
    const redeemedAt = isoTime(redeemedAtMs);
    throw new IssuanceError("already_redeemed", `the coupon was redeemed at ${redeemedAt}`, {
      redeemedAt,
    });
  }
  if (status === "revoked" && revokedAtMs !== null) {
    const revokedAt = isoTime(revokedAtMs);
    throw new IssuanceError("coupon_revoked", `the coupon was revoked at ${revokedAt}`, {
      revokedAt,
    });
  }
  const expiredAt = isoTime(couponValidUntilMs(validity, issuance.issuedAtMs) ?? Number.NaN);
  throw new IssuanceError("coupon_expired", `the coupon expired at ${expiredAt}`, { expiredAt });
}

async function tierOf(transaction: Queryable, { eventId, rank }: Issuance) {
  const [tier] = await transaction
    .select({ kind: coupons.kind, value: coupons.value })
    .from(coupons)
    .where(and(eq(coupons.eventId, eventId), lte(coupons.firstRank, rank)))
    .orderBy(desc(coupons.firstRank))
    .limit(1);
  if (tier === undefined) throw new Error(`event ${eventId} has no coupon for rank ${rank}`);
  return tier;
}
