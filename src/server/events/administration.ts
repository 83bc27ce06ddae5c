/**
 * What an administrator does with events, on the database: the command line and the admin routes
 * call these same functions. Each change is one transaction that raises the catalogue's revision,
 * so running servers follow within a second. Refusals are EventErrors and change nothing.
 */
import { randomBytes } from "node:crypto";
import { count, eq } from "drizzle-orm";
import { coupons, events, issuances, windows } from "../../../schema/tables.ts";
import type { Database } from "../database.ts";
import { changeCatalogue, type EventChange, updateEvent } from "./change.ts";
import { type CouponShare, couponTiers, DEFAULT_COUPONS } from "./coupons.ts";
import type { EventDefinition, EventWindow } from "./event.ts";
import { EventError, unknownEvent } from "./event-error.ts";
import { eventQueries, type Queryable, toDefinitions } from "./event-rows.ts";
import { EVENT_DEFAULTS, EVENT_LIMITS, requireWholeNumber } from "./limits.ts";
import { canonicalTimeZone } from "./schedule.ts";
import { type Opening, planWindows } from "./windows.ts";

/** An event to be made; what is left out takes its default (limits.ts, coupons.ts). */
export interface NewEvent {
  /** Lower-case letters, digits and hyphens; made from the name when left out. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly stock?: number | undefined;
  /** In rank order. */
  readonly coupons?: readonly CouponShare[] | undefined;
  readonly timeZone?: string | undefined;
  readonly windowLengthMs?: number | undefined;
  readonly windowsPerDay?: number | undefined;
}

const ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/;
const ID_LENGTH = 64;
const ID_SUFFIX_BYTES = 3;
const CODE_KEY_BYTES = 32;

/** Makes an event with no windows. @throws EventError (`invalid_input`, `id_taken`, …) */
export async function createEvent(database: Database, input: NewEvent): Promise<EventDefinition> {
  const { tiers, ...row } = newEventRow(input);
  return await changeCatalogue(database, async (transaction, revision) => {
    const made = await transaction
      .insert(events)
      .values({ ...row, revision })
      .onConflictDoNothing()
      .returning({ id: events.id });
    if (made.length === 0) {
      throw new EventError(
        "id_taken",
        `there is an event with the id ${row.id} already: choose another`,
      );
    }
    await transaction.insert(coupons).values(tiers.map((tier) => ({ ...tier, eventId: row.id })));
    return await requireEvent(transaction, row.id);
  });
}

/**
 * Adds windows to an event, all of them or none.
 *
 * @param nowMs the moment before which a window may not open
 * @returns the windows added, ascending
 * @throws EventError when one of them breaks a rule (windows.ts) or the event has ended
 */
export async function addWindows(
  database: Database,
  eventId: string,
  openings: readonly Opening[],
  { nowMs }: { readonly nowMs: number },
): Promise<EventWindow[]> {
  return await changeCatalogue(database, async (transaction, revision) => {
    const event = await requireRunningEvent(transaction, eventId);
    const planned = planWindows(event, openings, nowMs);
    const added = await transaction
      .insert(windows)
      .values(planned.map((window) => ({ ...window, eventId })))
      .returning({
        id: windows.id,
        opensAtMs: windows.opensAtMs,
        closesAtMs: windows.closesAtMs,
        quota: windows.quota,
      });
    await updateEvent(transaction, eventId, revision, {});
    return added.sort((one, other) => one.opensAtMs - other.opensAtMs);
  });
}

/** Stops an event from issuing until it is resumed. @throws EventError */
export async function pauseEvent(database: Database, eventId: string): Promise<EventDefinition> {
  return await changeEvent(database, eventId, () => ({ paused: true }));
}

/** Lets a paused event issue again in its windows. @throws EventError */
export async function resumeEvent(database: Database, eventId: string): Promise<EventDefinition> {
  return await changeEvent(database, eventId, () => ({ paused: false }));
}

/** Ends an event for good. @throws EventError */
export async function endEvent(database: Database, eventId: string): Promise<EventDefinition> {
  return await changeEvent(database, eventId, () => ({ ended: true }));
}

/**
 * Sets the stock of an event. Ranks beyond the former stock take the last tier's coupon.
 *
 * @throws EventError (`stock_below_issued`) when the ledger holds more issuances than that
 */
export async function restockEvent(
  database: Database,
  eventId: string,
  stock: number,
): Promise<EventDefinition> {
  requireWholeNumber("the stock", stock, 1, EVENT_LIMITS.stock);
  return await changeEvent(database, eventId, async (transaction) => {
    const issued = await countIssued(transaction, eventId);
    if (stock < issued) {
      throw new EventError(
        "stock_below_issued",
        `event ${eventId} has issued ${issued} coupons: its stock cannot be ${stock}`,
      );
    }
    return { stock };
  });
}

/** The event, or undefined when there is none with this id. */
export async function findEvent(
  database: Database,
  eventId: string,
): Promise<EventDefinition | undefined> {
  const [event] = toDefinitions(
    ...(await database.orm.batch(eventQueries(database.orm, eq(events.id, eventId)))),
  );
  return event;
}

/** All events, the oldest first. */
export async function listEvents(database: Database): Promise<EventDefinition[]> {
  return toDefinitions(...(await database.orm.batch(eventQueries(database.orm))));
}

/** How many coupons of the event the ledger holds. */
export async function countIssued(queryable: Queryable, eventId: string): Promise<number> {
  const [row] = await queryable
    .select({ issued: count() })
    .from(issuances)
    .where(eq(issuances.eventId, eventId));
  return row?.issued ?? 0;
}

async function changeEvent(
  database: Database,
  eventId: string,
  change: (transaction: Queryable) => EventChange | Promise<EventChange>,
): Promise<EventDefinition> {
  return await changeCatalogue(database, async (transaction, revision) => {
    await requireRunningEvent(transaction, eventId);
    await updateEvent(transaction, eventId, revision, await change(transaction));
    return await requireEvent(transaction, eventId);
  });
}

/** In a transaction, the queries see one state without being a batch. */
async function requireEvent(transaction: Queryable, eventId: string): Promise<EventDefinition> {
  const [eventRows, couponRows, windowRows] = eventQueries(transaction, eq(events.id, eventId));
  const [event] = toDefinitions(await eventRows, await couponRows, await windowRows);
  if (event === undefined) throw unknownEvent(eventId);
  return event;
}

async function requireRunningEvent(
  transaction: Queryable,
  eventId: string,
): Promise<EventDefinition> {
  const event = await requireEvent(transaction, eventId);
  if (event.ended) {
    throw new EventError("event_ended", `event ${eventId} has ended and cannot be changed`);
  }
  return event;
}

function newEventRow(input: NewEvent) {
  const name = input.name.trim();
  if (name === "" || name.length > EVENT_LIMITS.nameLength || /\p{Cc}/u.test(name)) {
    throw new EventError(
      "invalid_input",
      `the name must have 1 to ${EVENT_LIMITS.nameLength} characters, none of them a control character`,
    );
  }
  const id = input.id ?? idFromName(name);
  if (!ID_PATTERN.test(id)) {
    throw new EventError(
      "invalid_input",
      `the id "${id}" must have 1 to ${ID_LENGTH} lower-case letters, digits and hyphens, and not begin with a hyphen`,
    );
  }
  const stock = input.stock ?? EVENT_DEFAULTS.stock;
  requireWholeNumber("the stock", stock, 1, EVENT_LIMITS.stock);
  const windowLengthMs = input.windowLengthMs ?? EVENT_DEFAULTS.windowLengthMs;
  requireWholeNumber("the window length in ms", windowLengthMs, 1, EVENT_LIMITS.windowLengthMs);
  const windowsPerDay = input.windowsPerDay ?? EVENT_DEFAULTS.windowsPerDay;
  requireWholeNumber("the windows per day", windowsPerDay, 1, EVENT_LIMITS.windowsPerDay);
  return {
    id,
    name,
    stock,
    codeKey: randomBytes(CODE_KEY_BYTES),
    timeZone: canonicalTimeZone(input.timeZone ?? EVENT_DEFAULTS.timeZone),
    windowLengthMs,
    windowsPerDay,
    createdAtMs: Date.now(),
    tiers: couponTiers(input.coupons ?? DEFAULT_COUPONS, stock),
  };
}

/** `Summer Sale!` → `summer-sale-3fa9c1`; a name without Latin letters or digits → `event-3fa9c1`. */
function idFromName(name: string): string {
  const suffix = randomBytes(ID_SUFFIX_BYTES).toString("hex");
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, ID_LENGTH - suffix.length - 1)
    .replace(/^-+|-+$/g, "");
  return `${slug === "" ? "event" : slug}-${suffix}`;
}
