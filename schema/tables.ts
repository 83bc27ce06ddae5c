/**
 * The SQL tables: the durable record of couponlive.
 *
 * Times are integer milliseconds since the epoch, UTC. Ids are text, except for windows, whose
 * number also travels through Redis and is kept short. Migrations are generated from this file by
 * `npm run db:generate` and embedded by `schema/migrations.ts`.
 */
import { sql } from "drizzle-orm";
import {
  blob,
  check,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

/** Members who have an account here. Members of an outside identity provider need no row. */
export const users = sqliteTable(
  "users",
  {
    id: text("id").primaryKey(),
    email: text("email"),
    name: text("name"),
    /** argon2id in PHC format; null for an account that cannot log in with a password. */
    passwordHash: text("password_hash"),
    role: text("role", { enum: ["member", "admin"] })
      .notNull()
      .default("member"),
    active: integer("active", { mode: "boolean" }).notNull().default(true),
    createdAtMs: integer("created_at").notNull(),
  },
  (table) => [
    uniqueIndex("users_email").on(table.email),
    index("users_inactive").on(table.id).where(sql`${table.active} = 0`),
  ],
);

export const events = sqliteTable(
  "events",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    stock: integer("stock").notNull(),
    /** 32 random bytes: the key from which every code of the event follows (see claims/code.ts). */
    codeKey: blob("code_key", { mode: "buffer" }).notNull(),
    /** The zone in which the event's local days are counted, an IANA name. */
    timeZone: text("time_zone").notNull(),
    windowLengthMs: integer("window_length_ms").notNull(),
    windowsPerDay: integer("windows_per_day").notNull(),
    /** The quota of windows that are planned without one of their own; null for none. */
    windowQuota: integer("window_quota"),
    /** Stands before every code of the event, a hyphen between them; empty for none. */
    codePrefix: text("code_prefix").notNull().default(""),
    /** Letters of a generated code, the prefix and the hyphens left aside. */
    codeLength: integer("code_length").notNull().default(16),
    /** The codes are those of `imported_codes`, one for each rank, in place of generated ones. */
    codesImported: integer("codes_imported", { mode: "boolean" }).notNull().default(false),
    /** A coupon may be redeemed this long after it was issued, and until that moment; null for ever. */
    validForMs: integer("valid_for_ms"),
    validUntilMs: integer("valid_until"),
    /**
     * Coupons that were revoked and given back: the event may issue as many ranks beyond its stock
     * (docs/decisions/returned-coupons.md).
     */
    returned: integer("returned").notNull().default(0),
    paused: integer("paused", { mode: "boolean" }).notNull().default(false),
    ended: integer("ended", { mode: "boolean" }).notNull().default(false),
    createdAtMs: integer("created_at").notNull(),
    /** The catalogue's revision at which this event, its coupons or its windows last changed. */
    revision: integer("revision").notNull(),
  },
  (table) => [
    index("events_revision").on(table.revision),
    check("events_stock_not_negative", sql`${table.stock} >= 0`),
  ],
);

/** The tiers of an event: a tier holds from its first rank to the next tier's first rank. */
export const coupons = sqliteTable(
  "coupons",
  {
    eventId: text("event_id")
      .notNull()
      .references(() => events.id),
    firstRank: integer("first_rank").notNull(),
    kind: text("kind", { enum: ["percent", "amount"] }).notNull(),
    value: integer("value").notNull(),
  },
  (table) => [primaryKey({ columns: [table.eventId, table.firstRank] })],
);

/** Spans in which an event issues: opens ≤ t < closes. */
export const windows = sqliteTable(
  "windows",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    eventId: text("event_id")
      .notNull()
      .references(() => events.id),
    opensAtMs: integer("opens_at").notNull(),
    closesAtMs: integer("closes_at").notNull(),
    /** How many coupons this window may issue; null for as many as the stock allows. */
    quota: integer("quota"),
  },
  (table) => [
    uniqueIndex("windows_event_opens").on(table.eventId, table.opensAtMs),
    check("windows_not_empty", sql`${table.opensAtMs} < ${table.closesAtMs}`),
  ],
);

/**
 * The ledger: one row for each granted claim. The three unique indexes are a backstop behind the
 * engine's decisions; a conflict on one is a contradiction and is reported, never swallowed.
 */
export const issuances = sqliteTable(
  "issuances",
  {
    eventId: text("event_id")
      .notNull()
      .references(() => events.id),
    rank: integer("rank").notNull(),
    userId: text("user_id").notNull(),
    code: text("code").notNull(),
    windowId: integer("window_id").notNull(),
    issuedAtMs: integer("issued_at").notNull(),
    status: text("status", { enum: ["issued", "redeemed", "revoked"] })
      .notNull()
      .default("issued"),
    redeemedAtMs: integer("redeemed_at"),
    /** By which a repeated redemption is known from a second one. */
    redemptionKey: text("redemption_key"),
    revokedAtMs: integer("revoked_at"),
    revocationReason: text("revocation_reason"),
  },
  (table) => [
    uniqueIndex("issuances_event_rank").on(table.eventId, table.rank),
    uniqueIndex("issuances_event_user").on(table.eventId, table.userId),
    uniqueIndex("issuances_code").on(table.code),
  ],
);

/** The codes that an event brought along, by the rank that is issued with each. */
export const importedCodes = sqliteTable(
  "imported_codes",
  {
    eventId: text("event_id")
      .notNull()
      .references(() => events.id),
    rank: integer("rank").notNull(),
    code: text("code").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.eventId, table.rank] }),
    uniqueIndex("imported_codes_code").on(table.code),
  ],
);

/**
 * What members without a coupon were told, first and last: written beside the claims, when there is
 * time, and only as far as it fits a bound (docs/decisions/refusals-kept.md). Not a record to lean on.
 */
export const refusals = sqliteTable(
  "refusals",
  {
    eventId: text("event_id").notNull(),
    userId: text("user_id").notNull(),
    /** A claim's outcome, as the engine names it. */
    firstOutcome: text("first_outcome").notNull(),
    firstAtMs: integer("first_at").notNull(),
    lastOutcome: text("last_outcome").notNull(),
    lastAtMs: integer("last_at").notNull(),
    times: integer("times").notNull(),
  },
  (table) => [primaryKey({ columns: [table.eventId, table.userId] })],
);

/** Who changed what, and when. Rows are only ever added; those of a deleted event stay. */
export const audit = sqliteTable(
  "audit",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    atMs: integer("at").notNull(),
    /** `member:<id>` of an administrator over HTTP, `cli:<system user>` on the command line. */
    actor: text("actor").notNull(),
    /** Such as `event.pause` or `issuance.revoke`. */
    action: text("action").notNull(),
    eventId: text("event_id"),
    /** What else it was done to: a member's id, a rank, a window. */
    subject: text("subject"),
    /** JSON, without secrets. */
    details: text("details").notNull().default("{}"),
  },
  (table) => [index("audit_event").on(table.eventId, table.id)],
);

/**
 * What the embedded engine has decided and not yet brought to the ledger: one row for each commit,
 * holding its issuances as JSON (ledger/insert.ts). Appending here costs a tenth of what the ledger's
 * three indexes cost, and is as durable (docs/decisions/outbox.md).
 */
export const outbox = sqliteTable("outbox", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  rows: text("rows").notNull(),
  /** The ledger contradicts it: kept for whoever looks into it. */
  refused: integer("refused", { mode: "boolean" }).notNull().default(false),
});

/**
 * At most one row: the Redis that decides for this database, and when a server last said that it
 * still does (decider.ts). Two deciders would issue every coupon twice.
 */
export const deciders = sqliteTable(
  "deciders",
  {
    id: integer("id").primaryKey(),
    name: text("name").notNull(),
    seenAtMs: integer("seen_at").notNull(),
  },
  (table) => [check("deciders_single_row", sql`${table.id} = 1`)],
);

/**
 * For each event that Redis decides: the Redis instance from which the ledger takes entries, since
 * it was last restored from the ledger (docs/decisions/redis-restore.md).
 */
export const fences = sqliteTable("fences", {
  eventId: text("event_id")
    .primaryKey()
    .references(() => events.id),
  instance: text("instance").notNull(),
});

/** One row, whose revision grows with every change a running server must follow. */
export const catalogue = sqliteTable(
  "catalogue",
  {
    id: integer("id").primaryKey(),
    revision: integer("revision").notNull(),
  },
  (table) => [check("catalogue_single_row", sql`${table.id} = 1`)],
);
