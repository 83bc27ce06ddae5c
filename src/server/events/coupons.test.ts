import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type CouponShare, couponTiers, DEFAULT_COUPONS, parseCouponShare } from "./coupons.ts";
import { couponForRank } from "./event.ts";
import { EventError } from "./event-error.ts";

function tiersOf(texts: readonly string[], stock: number) {
  return couponTiers(texts.map(parseCouponShare), stock);
}

test("shares lie on the ranks in the order given", () => {
  expect(tiersOf(["percent:50:1000", "amount:5000:99000"], 100_000)).toEqual([
    { firstRank: 1, kind: "percent", value: 50 },
    { firstRank: 1_001, kind: "amount", value: 5_000 },
  ]);
});

test("the last share without a count takes the rest", () => {
  expect(tiersOf(["percent:100:1", "amount:1:8", "percent:10"], 10)).toEqual([
    { firstRank: 1, kind: "percent", value: 100 },
    { firstRank: 2, kind: "amount", value: 1 },
    { firstRank: 10, kind: "percent", value: 10 },
  ]);
});

test("the default is one tier for the whole stock", () => {
  expect(couponTiers(DEFAULT_COUPONS, 5)).toEqual([{ firstRank: 1, kind: "percent", value: 10 }]);
});

describe("refuses", () => {
  test.each([
    ["percent", /must look like percent:50:1000/],
    ["percent:", /must look like/],
    ["euro:5", /must look like/],
    ["percent:5.5", /must look like/],
    ["percent:-5", /must look like/],
    ["percent:5:", /must look like/],
    ["percent:5:1:1", /must look like/],
    [" percent:5", /must look like/],
    ["percent:0", /value of coupon percent:0 must be a whole number from 1 to 100, not 0/],
    ["percent:101", /value of coupon percent:101 must be a whole number from 1 to 100/],
    ["amount:0", /value of coupon amount:0/],
    ["amount:1000000001", /value of coupon amount:1000000001/],
    [`amount:${"9".repeat(400)}`, /value of coupon amount:Infinity/],
    ["percent:5:0", /count of coupon percent:5 must be a whole number from 1/],
    ["percent:5:9", /add up to 9, but the stock is 10/],
    ["percent:5:11", /add up to 11, but the stock is 10/],
    ["percent:5,amount:1:9", /coupon percent:5 has no count: only the last/],
    ["percent:5:10,amount:1", /nothing of the stock of 10 is left for coupon amount:1/],
    ["percent:5:12,amount:1", /nothing of the stock of 10 is left for coupon amount:1/],
  ])("%s", (texts, message) => {
    const refused = () => tiersOf(texts.split(","), 10);
    expect(refused).toThrow(EventError);
    expect(refused).toThrow(message);
  });

  test("none, and more tiers than an event may have", () => {
    expect(() => couponTiers([], 10)).toThrow(/number of coupon tiers/);
    const share: CouponShare = { kind: "percent", value: 1, count: 1 };
    expect(() =>
      couponTiers(
        Array.from({ length: 101 }, () => share),
        101,
      ),
    ).toThrow(/number of coupon tiers must be a whole number from 1 to 100/);
  });
});

test("every rank gets the share that covers it", () => {
  const share = fc.record({
    kind: fc.constantFrom("percent" as const, "amount" as const),
    value: fc.integer({ min: 1, max: 100 }),
    count: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(share, { minLength: 1, maxLength: 8 }), fc.boolean(), (shares, open) => {
      const byRank = shares.flatMap((each) => Array.from({ length: each.count }, () => each));
      const given: CouponShare[] = shares.map((each, index) =>
        open && index === shares.length - 1 ? { ...each, count: null } : each,
      );
      const tiers = couponTiers(given, byRank.length);
      for (const [index, { kind, value }] of byRank.entries()) {
        expect(couponForRank(tiers, index + 1)).toMatchObject({ kind, value });
      }
    }),
  );
});
