/** Claims in the HTTP reference. */
import type { z } from "zod";
import { claimSchema } from "../claims-schema.ts";
import { json, type Operation } from "./operation.ts";
import { eventId } from "./parameters.ts";

const issued = {
  status: "issued",
  eventId: "launch",
  rank: 1,
  code: "DY5E-K6XW-FG96-WN9W",
  coupon: { kind: "percent", value: 50, validUntil: "2026-12-22T15:00:00.000Z" },
  issuedAt: "2026-11-22T10:00:00.202Z",
} as const satisfies z.infer<typeof claimSchema>;
const alreadyIssued = { ...issued, status: "already_issued" } as const;

export const claimOperations: readonly Operation[] = [
  {
    method: "post",
    path: "/v1/events/{id}/claims",
    id: "claimCoupon",
    tag: "Claims",
    summary: "Claim a coupon for the caller",
    description:
      "Needs no body. Safe to repeat: a member who has a coupon gets the same one again, whatever became of the first answer, also when the event is sold out, closed or ended. An answer of 503 leaves open whether the claim was decided; repeating it is the way to find out.",
    access: "member",
    parameters: [eventId],
    ignoresBody: true,
    answers: [
      json(201, "The coupon is the caller's.", "Claim", claimSchema, { issued }),
      json(200, "It was already; the same rank and code again.", "Claim", claimSchema, {
        already_issued: alreadyIssued,
      }),
    ],
    problems: [
      "unknown_event",
      "not_open",
      "window_exhausted",
      "paused",
      "sold_out",
      "ended",
      "internal",
      "overloaded",
      "engine_unavailable",
      "shutting_down",
    ],
  },
  {
    method: "get",
    path: "/v1/events/{id}/claims/me",
    id: "getOwnClaim",
    tag: "Claims",
    summary: "The caller's coupon of the event",
    access: "member",
    parameters: [eventId],
    answers: [
      json(200, "The caller has a coupon.", "Claim", claimSchema, {
        already_issued: alreadyIssued,
      }),
    ],
    problems: ["unknown_event", "no_claim", "internal", "engine_unavailable"],
  },
];
