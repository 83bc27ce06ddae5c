/** What the administrators' routes of events take and answer. Bounds are judged by the events' domain. */
import { z } from "zod";
import { MAX_AUDIT_PAGE_ROWS } from "../audit.ts";

const DEFAULT_AUDIT_ENTRIES = 100;

const kind = z.enum(["percent", "amount"]);
const nullableNumber = z.int().nullable();
/** An instant, or a local time of the zone, such as `2026-12-01T10:00`. */
const time = z.string();

const couponShare = z.strictObject({
  kind,
  value: z.int(),
  count: nullableNumber
    .default(null)
    .describe("Null, for the last one only, is the rest of the stock."),
});

const settings = {
  windowLengthMs: z.int().optional(),
  windowsPerDay: z.int().optional(),
  windowQuota: nullableNumber.optional(),
  codePrefix: z.string().optional().describe("Empty for none."),
  codeLength: z.int().optional(),
  validForMs: nullableNumber.optional(),
  validUntil: time.nullable().optional(),
};

/** `POST /v1/admin/events` */
export const newEventBody = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  stock: z.int().optional(),
  timeZone: z.string().optional(),
  coupons: z.array(couponShare).optional(),
  ...settings,
});

/** `PATCH /v1/admin/events/{id}`: what is left out stays. */
export const eventChangesBody = z.strictObject({
  name: z.string().optional(),
  coupons: z.array(couponShare).optional(),
  ...settings,
});

/** `POST /v1/admin/events/{id}/clone`: what is left out is the other event's. */
export const cloneBody = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  ...settings,
});

/** `POST /v1/admin/events/{id}/restock` */
export const restockBody = z.strictObject({ stock: z.int() });

const how = { timeZone: z.string().optional(), dryRun: z.boolean().default(false) };
const quota = nullableNumber.optional();

/** `POST /v1/admin/events/{id}/windows`: windows by name, every day at some times, or one at once. */
export const newWindowsBody = z.union([
  z.strictObject({
    windows: z.array(z.strictObject({ opensAt: time, closesAt: time.optional(), quota })),
    ...how,
  }),
  z.strictObject({
    daily: z.strictObject({
      times: z.array(z.string()),
      from: z.string(),
      days: z.int().default(1),
      quota,
    }),
    ...how,
  }),
  z.strictObject({ now: z.literal(true), quota, ...how }),
]);

/** `…/windows/{windowId}` */
export const windowIdParameter = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .pipe(z.int());

/** `GET /v1/admin/events/{id}/audit` */
export const auditQuery = z.strictObject({
  beforeId: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.int())
    .optional(),
  limit: z
    .string()
    .regex(/^\d{1,4}$/)
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_AUDIT_PAGE_ROWS))
    .default(DEFAULT_AUDIT_ENTRIES),
});

/** A window; it has no `id` before it is added. */
export const windowSchema = z.object({
  id: z.int().optional(),
  opensAt: z.iso.datetime(),
  closesAt: z.iso.datetime(),
  quota: nullableNumber,
});

/** An event as administrators see it. The key of its codes is never in it. */
export const adminEventSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(["scheduled", "open", "between_windows", "sold_out", "paused", "ended"]),
  stock: z.int(),
  returned: z.int(),
  issued: z.int(),
  remaining: z.int(),
  timeZone: z.string(),
  windowLengthMs: z.int(),
  windowsPerDay: z.int(),
  windowQuota: nullableNumber,
  codePrefix: z.string(),
  codeLength: z.int(),
  codesImported: z.boolean(),
  validForMs: nullableNumber,
  validUntil: z.iso.datetime().nullable(),
  coupons: z.array(z.object({ firstRank: z.int(), kind, value: z.int() })),
  windows: z.array(windowSchema),
});

export const adminEventsSchema = z.object({ events: z.array(adminEventSchema) });

export const windowsSchema = z.object({ timeZone: z.string(), windows: z.array(windowSchema) });

export const addedWindowsSchema = windowsSchema.extend({ dryRun: z.boolean() });

export const importedCodesSchema = z.object({ eventId: z.string(), codes: z.int() });

export const auditPageSchema = z.object({
  entries: z.array(
    z.object({
      id: z.int(),
      at: z.iso.datetime(),
      actor: z.string(),
      action: z.string(),
      eventId: z.string().nullable(),
      subject: z.string().nullable(),
      details: z.record(z.string(), z.unknown()),
    }),
  ),
  nextBeforeId: nullableNumber,
});
