/** What the routes that redeem and revoke take and answer. */
import { z } from "zod";
import { REDEMPTION_KEY_PATTERN } from "../issuances/redeem.ts";
import { MAX_REASON_LENGTH } from "../issuances/revoke.ts";
import { MAX_MEMBER_ID_LENGTH } from "../members/member-id.ts";
import { couponSchema, issuanceSchema, MAX_CODE_LENGTH } from "./issuances-schema.ts";

const time = z.iso.datetime();

/** The header `Idempotency-Key` of a redemption. */
export const idempotencyKey = z.string().regex(REDEMPTION_KEY_PATTERN);

/** The code in `/v1/coupons/{code}/redeem`. */
export const codeParameter = z.string().min(1).max(MAX_CODE_LENGTH);

export const redemptionSchema = z.object({
  status: z.literal("redeemed"),
  eventId: z.string(),
  eventName: z.string(),
  rank: z.int(),
  memberId: z.string(),
  code: z.string(),
  coupon: couponSchema,
  issuedAt: time,
  redeemedAt: time,
});

const revocation = {
  reason: z.string().min(1).max(MAX_REASON_LENGTH),
  return: z.boolean().default(false).describe("Lets the event issue one rank more in its place."),
};

/** The body of a revocation: the coupon is named by one of the three. */
export const revocationBody = z.union([
  z.strictObject({ rank: z.int().min(1), ...revocation }),
  z.strictObject({ memberId: z.string().min(1).max(MAX_MEMBER_ID_LENGTH), ...revocation }),
  z.strictObject({ code: z.string().min(1).max(MAX_CODE_LENGTH), ...revocation }),
]);

export const revocationSchema = issuanceSchema.omit({ inLedger: true }).extend({
  status: z.literal("revoked"),
  revokedAt: time,
  returned: z.boolean().describe("Whether the event may issue one rank more."),
});
