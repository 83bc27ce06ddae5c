/** Redeeming and revoking, in the HTTP reference. */
import {
  codeParameter,
  idempotencyKey,
  redemptionSchema,
  revocationBody,
  revocationSchema,
} from "../issuance-changes-schema.ts";
import { issuance } from "./issuances.ts";
import { json, jsonBody, type Operation } from "./operation.ts";
import { eventId } from "./parameters.ts";

const { inLedger: _, ...stored } = issuance;

export const issuanceChangeOperations: readonly Operation[] = [
  {
    method: "post",
    path: "/v1/coupons/{code}/redeem",
    id: "redeemCoupon",
    tag: "Issuance administration",
    summary: "Redeem a coupon, once",
    description:
      "Repeated with the same key it is answered the same again; with another, `already_redeemed`.",
    access: "administrator",
    parameters: [
      {
        name: "code",
        in: "path",
        required: true,
        description: "The coupon's code.",
        schema: codeParameter,
        example: "DY5E-K6XW-FG96-WN9W",
      },
      {
        name: "Idempotency-Key",
        in: "header",
        required: true,
        description: "Names this redemption, such as the order's number: visible ASCII characters.",
        schema: idempotencyKey,
        example: "order-4711",
      },
    ],
    answers: [
      json(200, "It is redeemed.", "Redemption", redemptionSchema, {
        redemption: {
          status: "redeemed",
          eventId: "launch",
          eventName: "Launch",
          rank: 1,
          memberId: stored.memberId,
          code: stored.code,
          coupon: { kind: "percent", value: 50 },
          issuedAt: stored.issuedAt,
          redeemedAt: "2026-12-01T03:00:00.000Z",
        },
      }),
    ],
    problems: [
      "invalid_request",
      "unknown_coupon",
      "already_redeemed",
      "coupon_revoked",
      "coupon_expired",
      "internal",
      "engine_unavailable",
      "not_in_ledger_yet",
    ],
  },
  {
    method: "post",
    path: "/v1/admin/events/{id}/revocations",
    id: "revokeCoupon",
    tag: "Issuance administration",
    summary: "Revoke a coupon",
    description:
      "The coupon is named by one of `rank`, `memberId` and `code`. With `return` the event may issue one rank more in its place.",
    access: "administrator",
    parameters: [eventId],
    body: jsonBody("NewRevocation", revocationBody, {
      byMember: { memberId: stored.memberId, reason: "two accounts" },
      byRank: { rank: 1, reason: "printed twice", return: true },
    }),
    answers: [
      json(200, "It is revoked.", "Revocation", revocationSchema, {
        revocation: {
          ...stored,
          status: "revoked",
          redeemedAt: null,
          revokedAt: "2026-12-01T03:00:00.000Z",
          revocationReason: "two accounts",
          returned: false,
        },
      }),
    ],
    problems: [
      "unknown_event",
      "unknown_issuance",
      "already_redeemed",
      "already_revoked",
      "cannot_return",
      "internal",
      "engine_unavailable",
      "not_in_ledger_yet",
    ],
  },
];
