/** What the routes of claims answer, where a coupon is granted. */
import { z } from "zod";

const time = z.iso.datetime();

/** `POST /v1/events/{id}/claims` with 201 or 200, and `GET /v1/events/{id}/claims/me`. */
export const claimSchema = z.object({
  status: z
    .enum(["issued", "already_issued"])
    .describe("`issued` by this very claim; `already_issued` by an earlier one."),
  eventId: z.string(),
  rank: z.int().min(1).describe("1 for the event's first coupon."),
  code: z.string(),
  coupon: z.object({
    kind: z.enum(["percent", "amount"]),
    value: z.int().min(1),
    validUntil: time.nullable().describe("From then on it cannot be redeemed; null for never."),
  }),
  issuedAt: time,
});
