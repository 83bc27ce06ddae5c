/** Looking up, exporting and counting issuances, in the HTTP reference. */
import { z } from "zod";
import {
  historySchema,
  issuanceFilterQuery,
  issuancePageQuery,
  issuancePageSchema,
  issuanceSchema,
  rankParameter,
  statisticsSchema,
} from "../issuances-schema.ts";
import { type Answer, json, type Operation, query } from "./operation.ts";
import { eventId } from "./parameters.ts";

/** One that was redeemed. */
export const issuance: z.infer<typeof issuanceSchema> = {
  memberId: "0193a5e2-7c1d-7e4b-9a53-0d8f2f6f7a10",
  rank: 1,
  code: "DY5E-K6XW-FG96-WN9W",
  coupon: { kind: "percent", value: 50, validUntil: null },
  windowId: 1,
  issuedAt: "2026-11-22T10:00:00.202Z",
  status: "redeemed",
  redeemedAt: "2026-12-01T03:00:00.000Z",
  revokedAt: null,
  revocationReason: null,
  inLedger: true,
};
const window = {
  id: 1,
  opensAt: "2026-11-22T10:00:00.000Z",
  closesAt: "2026-11-22T10:01:00.000Z",
  quota: null,
};
const counts = {
  issued: 100_000,
  redeemed: 1,
  revoked: 0,
  firstIssuedAt: "2026-11-22T10:00:00.202Z",
  lastIssuedAt: "2026-11-22T10:00:14.870Z",
  peakPerSecond: 7_912,
};

const { inLedger: _, ...exportedIssuance } = issuance;
const CSV_EXAMPLE = [
  "rank,member_id,code,coupon_kind,coupon_value,window_id,issued_at,valid_until,status,redeemed_at,revoked_at,revocation_reason",
  "2,kim,7N3F-JQ5T-0Y8K-VB2R,percent,50,1,2026-11-22T10:00:00.203Z,,issued,,,",
  "",
].join("\r\n");

const filters = {
  status: "Only those.",
  windowId: "Only those that were issued in this window.",
};

export const issuanceOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/admin/events/{id}/issuances",
    id: "listIssuances",
    tag: "Issuance administration",
    summary: "What an event has issued, a page at a time in the order of ranks",
    description:
      "`inLedger` counts all of the event's coupons in the ledger, `inOutbox` those on their way there. With `memberId` or `code`, which do not go together, at most one is answered, also one that is still on its way.",
    access: "administrator",
    parameters: [eventId],
    query: query(issuancePageQuery, {
      ...filters,
      afterRank: "`nextAfterRank` of the page before.",
      limit: "How many at the most.",
      memberId: "Only this member's.",
      code: "Only the one with this code.",
    }),
    answers: [
      json(
        200,
        "A page; `nextAfterRank` is `null` on the last.",
        "IssuancePage",
        issuancePageSchema,
        {
          page: {
            event: {
              id: "launch",
              name: "Launch",
              stock: 100_000,
              returned: 0,
              paused: false,
              ended: false,
              revision: 3,
              windows: [window],
            },
            inLedger: 1,
            inOutbox: 0,
            issuances: [issuance],
            nextAfterRank: null,
          },
        },
      ),
    ],
    problems: ["invalid_request", "unknown_event", "internal", "engine_unavailable"],
  },
  {
    method: "get",
    path: "/v1/admin/events/{id}/issuances/{rank}",
    id: "getIssuance",
    tag: "Issuance administration",
    summary: "The issuance of one rank",
    access: "administrator",
    parameters: [
      eventId,
      {
        name: "rank",
        in: "path",
        required: true,
        description: "The rank, from 1.",
        schema: rankParameter,
        example: 1,
      },
    ],
    answers: [json(200, "The issuance.", "Issuance", issuanceSchema, { issuance })],
    problems: [
      "invalid_request",
      "unknown_event",
      "unknown_issuance",
      "internal",
      "engine_unavailable",
    ],
  },
  exported("csv", "Csv", "text/csv", CSV_EXAMPLE),
  exported(
    "ndjson",
    "Ndjson",
    "application/x-ndjson",
    `${JSON.stringify(exportedIssuance)}
`,
  ),
  {
    method: "get",
    path: "/v1/admin/events/{id}/stats",
    id: "getStatistics",
    tag: "Issuance administration",
    summary: "What became of an event's coupons, all together and window by window",
    access: "administrator",
    parameters: [eventId],
    answers: [
      json(200, "The figures.", "Statistics", statisticsSchema, {
        statistics: {
          eventId: "launch",
          stock: 100_000,
          returned: 0,
          ...counts,
          undelivered: 0,
          soldOutAt: "2026-11-22T10:00:14.870Z",
          soldOutAfterOpenMs: 14_870,
          windows: [{ ...window, ...counts, soldOutAfterMs: null }],
        },
      }),
    ],
    problems: ["unknown_event", "internal", "engine_unavailable"],
  },
  {
    method: "get",
    path: "/v1/admin/events/{id}/why/{memberId}",
    id: "explainMember",
    tag: "Issuance administration",
    summary: "What happened to a member, and when",
    description:
      "`explanation` says it in sentences, and what cannot be known. Of each member the first and the last refusal are kept, and how many there were.",
    access: "administrator",
    parameters: [
      eventId,
      {
        name: "memberId",
        in: "path",
        required: true,
        description: "The member's id.",
        schema: z.string(),
        example: "0193a5e2-7c1d-7e4b-9a53-0d8f2f6f7a10",
      },
    ],
    answers: [
      json(200, "What is known.", "History", historySchema, {
        issued: {
          eventId: "launch",
          memberId: issuance.memberId,
          outcome: "issued",
          issuance: { ...issuance, afterOpeningMs: 202 },
          refusals: null,
          account: "active",
          unkept: 0,
          explanation: ["issued rank 1 at 2026-11-22T10:00:00.202Z, 202 ms after window 1 opened"],
        },
      }),
    ],
    problems: ["invalid_request", "unknown_event", "internal", "engine_unavailable"],
  },
];

function exported(format: string, suffix: string, mediaType: string, example: string): Operation {
  const file: Answer = {
    status: 200,
    description: "The file, sent as it is read.",
    content: { mediaType, name: undefined, schema: z.string(), examples: { file: example } },
    headers: { "content-disposition": "always" },
  };
  return {
    method: "get",
    path: `/v1/admin/events/{id}/issuances.${format}`,
    id: `exportIssuances${suffix}`,
    tag: "Issuance administration",
    summary: `The ledger of an event as a file (${format})`,
    access: "administrator",
    parameters: [eventId],
    query: query(issuanceFilterQuery, filters),
    answers: [file],
    problems: ["invalid_request", "unknown_event", "internal", "overloaded"],
  };
}
