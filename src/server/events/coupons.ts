/** Coupon tiers as an administrator gives them: what a coupon is worth, and how many of them. */
import type { CouponTier, EventDefinition } from "./event.ts";
import { EventError } from "./event-error.ts";
import { EVENT_LIMITS, requireWholeNumber } from "./limits.ts";

/** A share of the stock that is granted one kind of coupon. */
export interface CouponShare {
  readonly kind: CouponTier["kind"];
  /** Per cent, or an amount in the smallest unit of the currency. */
  readonly value: number;
  /** How many coupons; null, for the last share only, is the rest of the stock. */
  readonly count: number | null;
}

/** What an event grants when its coupons are not named. */
export const DEFAULT_COUPONS: readonly CouponShare[] = [
  { kind: "percent", value: 10, count: null },
];

const SHARE_PATTERN = /^(percent|amount):(\d+)(?::(\d+))?$/;
const MAX_PERCENT = 100;

/**
 * Reads `percent:50:1000` (kind, value, count) or `percent:10` (the rest of the stock). Bounds are
 * checked by couponTiers.
 *
 * @throws EventError (`invalid_input`) for any other form.
 */
export function parseCouponShare(text: string): CouponShare {
  const [, kind, value, count] = SHARE_PATTERN.exec(text) ?? [];
  if (kind === undefined || value === undefined) {
    throw new EventError(
      "invalid_input",
      `coupon "${text}" must look like percent:50:1000 or amount:5000:99000 (kind, value, count), or percent:10 for the rest of the stock`,
    );
  }
  return {
    kind: kind === "percent" ? "percent" : "amount",
    value: Number(value),
    count: count === undefined ? null : Number(count),
  };
}

/**
 * Lays the shares over the ranks 1…stock, in the order given.
 *
 * @throws EventError (`invalid_input`) unless every value is in its bounds and the counts make up
 * the stock exactly.
 */
export function couponTiers(shares: readonly CouponShare[], stock: number): CouponTier[] {
  requireWholeNumber("the number of coupon tiers", shares.length, 1, EVENT_LIMITS.couponTiers);
  const tiers: CouponTier[] = [];
  let granted = 0;
  for (const [index, share] of shares.entries()) {
    const name = `${share.kind}:${share.value}`;
    const maxValue = share.kind === "percent" ? MAX_PERCENT : EVENT_LIMITS.amount;
    requireWholeNumber(`the value of coupon ${name}`, share.value, 1, maxValue);
    if (share.count === null && index < shares.length - 1) {
      throw new EventError(
        "invalid_input",
        `coupon ${name} has no count: only the last coupon may leave it out, to take the rest of the stock`,
      );
    }
    const count = share.count ?? stock - granted;
    if (share.count === null && count < 1) {
      throw new EventError(
        "invalid_input",
        `nothing of the stock of ${stock} is left for coupon ${name}: the coupons before it take ${granted}`,
      );
    }
    requireWholeNumber(`the count of coupon ${name}`, count, 1, EVENT_LIMITS.stock);
    tiers.push({ firstRank: granted + 1, kind: share.kind, value: share.value });
    granted += count;
  }
  if (granted !== stock) {
    throw new EventError(
      "invalid_input",
      `the coupon counts add up to ${granted}, but the stock is ${stock}: make them equal, or leave out the last count`,
    );
  }
  return tiers;
}

/** The shares from which the tiers of an event would be laid again over its stock as it is now. */
export function sharesOf({
  coupons,
  stock,
}: Pick<EventDefinition, "coupons" | "stock">): CouponShare[] {
  const within = coupons.filter((tier) => tier.firstRank <= stock);
  return within.map(({ kind, value, firstRank }, index) => {
    const next = within[index + 1];
    return { kind, value, count: next === undefined ? null : next.firstRank - firstRank };
  });
}
