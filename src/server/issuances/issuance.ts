/** An issuance with what became of its coupon, as administrators see it. */
import { issuances } from "../../../schema/tables.ts";
import { couponForRank, couponValidUntilMs, type EventDefinition } from "../events/event.ts";

export const ISSUANCE_STATUSES = issuances.status.enumValues;

export type IssuanceStatus = (typeof ISSUANCE_STATUSES)[number];

export interface Issuance {
  readonly eventId: string;
  readonly memberId: string;
  readonly rank: number;
  readonly code: string;
  readonly windowId: number;
  readonly issuedAtMs: number;
  readonly status: IssuanceStatus;
  readonly redeemedAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly revocationReason: string | null;
}

/** The columns of an issuance, for queries. */
export const issuanceColumns = {
  eventId: issuances.eventId,
  memberId: issuances.userId,
  rank: issuances.rank,
  code: issuances.code,
  windowId: issuances.windowId,
  issuedAtMs: issuances.issuedAtMs,
  status: issuances.status,
  redeemedAtMs: issuances.redeemedAtMs,
  revokedAtMs: issuances.revokedAtMs,
  revocationReason: issuances.revocationReason,
};

/** An issuance as JSON, on the command line and over HTTP: times are ISO 8601 in UTC. */
export function issuanceJson(event: EventDefinition, issuance: Issuance) {
  const { kind, value } = couponForRank(event.coupons, issuance.rank);
  const validUntil = isoTimeOrNull(couponValidUntilMs(event, issuance.issuedAtMs));
  return {
    memberId: issuance.memberId,
    rank: issuance.rank,
    code: issuance.code,
    coupon: { kind, value, validUntil },
    windowId: issuance.windowId,
    issuedAt: isoTime(issuance.issuedAtMs),
    status: issuance.status,
    redeemedAt: isoTimeOrNull(issuance.redeemedAtMs),
    revokedAt: isoTimeOrNull(issuance.revokedAtMs),
    revocationReason: issuance.revocationReason,
  };
}

/** ISO 8601 in UTC. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** The same, of a moment that may not have come. */
export function isoTimeOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : isoTime(epochMs);
}
