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

/** The tier that a rank is granted: the last one that begins at or before it. */
export function couponForRank(coupons: readonly CouponTier[], rank: number): CouponTier {
  const tier = coupons.findLast((coupon) => coupon.firstRank <= rank);
  if (tier === undefined) throw new RangeError(`rank ${rank} has no coupon`);
  return tier;
}
