/** What the routes of issuances take and answer. */
import { z } from "zod";
import { ISSUANCE_STATUSES } from "../issuances/issuance.ts";
import { MAX_PAGE_ROWS } from "../ledger/read.ts";
import { MAX_MEMBER_ID_LENGTH } from "../members/member-id.ts";

/** The longest code that an event may bring along, with some to spare. */
export const MAX_CODE_LENGTH = 200;

const wholeNumber = z
  .string()
  .regex(/^-?\d+$/)
  .transform(Number)
  .pipe(z.int());
const time = z.iso.datetime();

/** Which issuances of an event are meant. */
export const issuanceFilterQuery = z.object({
  status: z.enum(ISSUANCE_STATUSES).optional(),
  windowId: wholeNumber.optional(),
});

/** `GET /v1/admin/events/{id}/issuances`; with `memberId` or `code`, at most one is answered. */
export const issuancePageQuery = issuanceFilterQuery
  .extend({
    afterRank: wholeNumber.default(0),
    limit: wholeNumber.pipe(z.int().min(1).max(MAX_PAGE_ROWS)).default(MAX_PAGE_ROWS),
    memberId: z.string().min(1).max(MAX_MEMBER_ID_LENGTH).optional(),
    code: z.string().min(1).max(MAX_CODE_LENGTH).optional(),
  })
  .refine(({ memberId, code }) => memberId === undefined || code === undefined);

/** The rank in `…/issuances/{rank}`. */
export const rankParameter = wholeNumber.pipe(z.int().min(1));

export const couponSchema = z.object({ kind: z.enum(["percent", "amount"]), value: z.int() });

export const issuanceSchema = z.object({
  memberId: z.string(),
  rank: z.int(),
  code: z.string(),
  coupon: couponSchema
    .extend({ validUntil: time.nullable() })
    .describe("`validUntil`: from then on it cannot be redeemed; null for never."),
  windowId: z.int(),
  issuedAt: time,
  status: z.enum(ISSUANCE_STATUSES),
  redeemedAt: time.nullable(),
  revokedAt: time.nullable(),
  revocationReason: z.string().nullable(),
  inLedger: z.boolean().describe("False while it waits in the outbox or in Redis's stream."),
});

export const issuancePageSchema = z.object({
  event: z.object({
    id: z.string(),
    name: z.string(),
    stock: z.int(),
    returned: z
      .int()
      .describe("Coupons that were given back: the event may issue as many beyond its stock."),
    paused: z.boolean(),
    ended: z.boolean(),
    revision: z.int().describe("Grows with every change of the event."),
    windows: z.array(
      z.object({ id: z.int(), opensAt: time, closesAt: time, quota: z.int().nullable() }),
    ),
  }),
  inLedger: z.int(),
  inOutbox: z.int(),
  issuances: z.array(issuanceSchema),
  nextAfterRank: z.int().nullable(),
});

const countsShape = {
  issued: z.int(),
  redeemed: z.int(),
  revoked: z.int(),
  firstIssuedAt: time.nullable(),
  lastIssuedAt: time.nullable(),
  peakPerSecond: z.int(),
};

/** `GET /v1/admin/events/{id}/stats`. */
export const statisticsSchema = z.object({
  eventId: z.string(),
  stock: z.int(),
  returned: z.int(),
  ...countsShape,
  undelivered: z.int(),
  soldOutAt: time.nullable(),
  soldOutAfterOpenMs: z.int().nullable(),
  windows: z.array(
    z.object({
      id: z.int(),
      opensAt: time,
      closesAt: time,
      quota: z.int().nullable(),
      ...countsShape,
      soldOutAfterMs: z.int().nullable(),
    }),
  ),
});

const refusedSchema = z.object({
  outcome: z
    .string()
    .describe(
      "As a claim's outcome: `sold_out`, `not_open`, `window_exhausted`, `paused`, `ended`.",
    ),
  at: time,
  lateByMs: z
    .int()
    .nullable()
    .describe("How long before it stock or quota had run out, or the event been paused or ended."),
  beforeOpeningMs: z.int().nullable(),
  afterClosingMs: z.int().nullable(),
});

/** `GET /v1/admin/events/{id}/why/{memberId}`. */
export const historySchema = z.object({
  eventId: z.string(),
  memberId: z.string(),
  outcome: z.enum(["issued", "refused", "unknown"]),
  issuance: issuanceSchema.extend({ afterOpeningMs: z.int().nullable() }).nullable(),
  refusals: z.object({ times: z.int(), first: refusedSchema, last: refusedSchema }).nullable(),
  account: z.enum(["active", "inactive", "none"]),
  unkept: z.int(),
  explanation: z.array(z.string()).describe("The same in sentences, and what cannot be known."),
});
