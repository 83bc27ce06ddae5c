/** What the server knows of an event: the words of the domain, shared by every part. */

/** A tier holds from its first rank to the rank before the next tier's first. */
export interface CouponTier {
  readonly firstRank: number;
  readonly kind: "percent" | "amount";
  readonly value: number;
}

/** A span in which the event issues: opensAtMs ≤ t < closesAtMs. */
export interface EventWindow {
  readonly id: number;
  readonly opensAtMs: number;
  readonly closesAtMs: number;
  /** How many coupons the window may issue; null for as many as the stock allows. */
  readonly quota: number | null;
}

/** An event as it was at one revision of the catalogue. Never changed in place. */
export interface EventDefinition {
  readonly id: string;
  readonly name: string;
  readonly stock: number;
  /** The 32 bytes from which the event's codes follow. Secret: never in an answer or a log. */
  readonly codeKey: Uint8Array;
  readonly timeZone: string;
  /** Policy: how long a window lasts, and how many may begin on one local day. */
  readonly windowLengthMs: number;
  readonly windowsPerDay: number;
  /** The quota of windows that are planned without one of their own; null for none. */
  readonly windowQuota: number | null;
  /** Stands before every code, a hyphen between them; empty for none. */
  readonly codePrefix: string;
  /** Letters of a generated code, the prefix and the hyphens left aside. */
  readonly codeLength: number;
  /** The codes were brought along, one for each rank. */
  readonly codesImported: boolean;
  /** Those codes, by rank less one, where they are needed: the catalogue has them, a listing not. */
  readonly importedCodes?: readonly string[];
  /** A coupon may be redeemed this long after it was issued, and until that moment; null for ever. */
  readonly validForMs: number | null;
  readonly validUntilMs: number | null;
  /** Coupons that were revoked and given back: as many ranks may be issued beyond the stock. */
  readonly returned: number;
  /** At least one; ascending first ranks, the first of them 1. */
  readonly coupons: readonly CouponTier[];
  /** Ascending, not overlapping. */
  readonly windows: readonly EventWindow[];
  readonly paused: boolean;
  readonly ended: boolean;
  readonly revision: number;
}

/**
 * The last rank that the event may issue now: its stock, and one more for each coupon that was given
 * back, as far as there are codes for them. Everything that judges by stock judges by this.
 */
export function lastIssuableRank({ stock, returned, importedCodes }: EventDefinition): number {
  return Math.min(stock + returned, importedCodes?.length ?? Number.POSITIVE_INFINITY);
}

/**
 * The moment until which a coupon may be redeemed, in ms since the epoch: the event's, or its time
 * after the issuance, whichever comes first; null for ever.
 */
export function couponValidUntilMs(
  { validForMs, validUntilMs }: Pick<EventDefinition, "validForMs" | "validUntilMs">,
  issuedAtMs: number,
): number | null {
  if (validForMs === null) return validUntilMs;
  return Math.min(issuedAtMs + validForMs, validUntilMs ?? Number.POSITIVE_INFINITY);
}

/** The tier that a rank is granted: the last one that begins at or before it. */
export function couponForRank(coupons: readonly CouponTier[], rank: number): CouponTier {
  const tier = coupons.findLast((coupon) => coupon.firstRank <= rank);
  if (tier === undefined) throw new RangeError(`rank ${rank} has no coupon`);
  return tier;
}
