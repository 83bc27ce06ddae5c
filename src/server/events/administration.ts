/**
 * What an administrator does with events, on the database: the command line and the admin routes
 * call these same functions. Each change is one transaction that raises the catalogue's revision,
 * so running servers follow within a second, and that notes in the audit who made it. Refusals are
 * EventErrors and change nothing.
 *
 * Beside this file: stock.ts, amendment.ts, removal.ts, own-codes.ts.
 */
import { randomBytes } from "node:crypto";
import { count, eq, inArray } from "drizzle-orm";
import { coupons, events, issuances, windows } from "../../../schema/tables.ts";
import { type Actor, recordAudit } from "../audit.ts";
import type { Database } from "../database.ts";
import { changeCatalogue, type EventChange, updateEvent } from "./change.ts";
import { type CouponShare, couponTiers, DEFAULT_COUPONS, sharesOf } from "./coupons.ts";
import type { EventDefinition, EventWindow } from "./event.ts";
import { EventError, unknownEvent } from "./event-error.ts";
import {
  eventQueries,
  type Queryable,
  requireEvent,
  requireRunning,
  requireRunningEvent,
  toDefinitions,
} from "./event-rows.ts";
import { EVENT_DEFAULTS, EVENT_LIMITS, FOLLOW_LIMIT_MS, requireWholeNumber } from "./limits.ts";
import { canonicalTimeZone } from "./schedule.ts";
import { checkSettings, requireCodesOfItsOwn, type SomeSettings } from "./settings.ts";
import { type Opening, type PlannedWindow, planWindows } from "./windows.ts";

/** An event to be made; what is left out takes its default (limits.ts, coupons.ts). */
export interface NewEvent extends SomeSettings {
  /** Lower-case letters, digits and hyphens; made from the name when left out. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly stock?: number | undefined;
  /** In rank order. */
  readonly coupons?: readonly CouponShare[] | undefined;
  readonly timeZone?: string | undefined;
}

/** What a clone has of its own; settings that are left out are those of the event it is made from. */
export interface Clone extends SomeSettings {
  readonly id?: string | undefined;
  readonly name: string;
}

const ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/;
const ID_LENGTH = 64;
const ID_SUFFIX_BYTES = 3;
const CODE_KEY_BYTES = 32;
/** Windows that one entry of the audit names. */
const MAX_AUDITED_WINDOWS = 20;

/** Makes an event with no windows. @throws EventError (`invalid_input`, `id_taken`, …) */
export async function createEvent(
  database: Database,
  input: NewEvent,
  actor: Actor = "program",
): Promise<EventDefinition> {
  const nowMs = Date.now();
  const event = newEventRow(input, nowMs);
  return await changeCatalogue(database, async (transaction, revision) => {
    const { tiers, codeKey: _, createdAtMs: __, id, ...details } = event;
    await insertEvent(transaction, revision, event);
    await recordAudit(transaction, {
      actor,
      action: "event.create",
      eventId: id,
      details: { ...details, coupons: tiers },
      atMs: nowMs,
    });
    return await requireEvent(transaction, id);
  });
}

/**
 * Makes an event with the stock, the tiers and the policy of another one, for the next campaign: with
 * a code key of its own, without windows, and without codes that the other one brought along.
 *
 * @throws EventError, also when the other event's codes or its end of validity cannot be taken over
 */
export async function cloneEvent(
  database: Database,
  sourceId: string,
  clone: Clone,
  actor: Actor = "program",
): Promise<EventDefinition> {
  const nowMs = Date.now();
  return await changeCatalogue(database, async (transaction, revision) => {
    const source = await requireEvent(transaction, sourceId);
    const given = Object.entries(clone).filter(([, value]) => value !== undefined);
    const input = { ...source, coupons: sharesOf(source), id: undefined, name: clone.name };
    const event = newEventRow({ ...input, ...Object.fromEntries(given) }, nowMs);
    await insertEvent(transaction, revision, event);
    await recordAudit(transaction, {
      actor,
      action: "event.clone",
      eventId: event.id,
      details: { from: sourceId, name: event.name },
      atMs: nowMs,
    });
    return await requireEvent(transaction, event.id);
  });
}

/** What a change of windows is judged by, and for whom it is made. */
export interface WindowChange {
  /** The moment before which a window may not open, or may not be removed. */
  readonly nowMs: number;
  readonly actor?: Actor;
}

/**
 * Adds windows to an event, all of them or none.
 *
 * @returns the windows added, ascending
 * @throws EventError when one of them breaks a rule (windows.ts) or the event has ended
 */
export async function addWindows(
  database: Database,
  eventId: string,
  openings: readonly Opening[],
  { nowMs, actor = "program" }: WindowChange,
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
    await recordWindows(transaction, { actor, action: "event.schedule", eventId, nowMs }, added);
    return added.sort((one, other) => one.opensAtMs - other.opensAtMs);
  });
}

/**
 * What addWindows would add now, which changes nothing.
 *
 * @throws EventError as addWindows does
 */
export async function previewWindows(
  database: Database,
  eventId: string,
  openings: readonly Opening[],
  { nowMs }: Pick<WindowChange, "nowMs">,
): Promise<PlannedWindow[]> {
  const event = await findEvent(database, eventId);
  if (event === undefined) throw unknownEvent(eventId);
  return planWindows(requireRunning(event), openings, nowMs);
}

/**
 * Removes windows from an event, all of them or none.
 *
 * @returns the windows removed, ascending
 * @throws EventError when the event has ended or has no such window (`unknown_window`), or the window
 * has begun, or begins before every server has followed (`window_begun`)
 */
export async function removeWindows(
  database: Database,
  eventId: string,
  windowIds: readonly number[],
  { nowMs, actor = "program" }: WindowChange,
): Promise<EventWindow[]> {
  return await changeCatalogue(database, async (transaction, revision) => {
    const event = await requireRunningEvent(transaction, eventId);
    const removed = chooseRemovable(event, windowIds, nowMs);
    const ids = removed.map((window) => window.id);
    await transaction.delete(windows).where(inArray(windows.id, ids));
    await updateEvent(transaction, eventId, revision, {});
    await recordWindows(
      transaction,
      { actor, action: "event.unschedule", eventId, nowMs },
      removed,
    );
    return removed;
  });
}

/** Stops an event from issuing until it is resumed. @throws EventError */
export async function pauseEvent(
  database: Database,
  eventId: string,
  actor: Actor = "program",
): Promise<EventDefinition> {
  return await changeEvent(database, eventId, { paused: true }, { actor, action: "event.pause" });
}

/** Lets a paused event issue again. @throws EventError */
export async function resumeEvent(
  database: Database,
  eventId: string,
  actor: Actor = "program",
): Promise<EventDefinition> {
  return await changeEvent(database, eventId, { paused: false }, { actor, action: "event.resume" });
}

/** Ends an event for good. @throws EventError */
export async function endEvent(
  database: Database,
  eventId: string,
  actor: Actor = "program",
): Promise<EventDefinition> {
  return await changeEvent(database, eventId, { ended: true }, { actor, action: "event.end" });
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
  change: EventChange,
  { actor, action }: { readonly actor: Actor; readonly action: string },
): Promise<EventDefinition> {
  return await changeCatalogue(database, async (transaction, revision) => {
    await requireRunningEvent(transaction, eventId);
    await updateEvent(transaction, eventId, revision, change);
    await recordAudit(transaction, { actor, action, eventId, atMs: Date.now() });
    return await requireEvent(transaction, eventId);
  });
}

/** The audit's entry of windows that came or went; of many, their number tells. */
async function recordWindows(
  transaction: Queryable,
  {
    nowMs,
    ...entry
  }: { readonly actor: Actor; action: string; eventId: string; readonly nowMs: number },
  changed: readonly EventWindow[],
): Promise<void> {
  const named = changed.slice(0, MAX_AUDITED_WINDOWS).map(({ opensAtMs, closesAtMs, ...rest }) => ({
    ...rest,
    opensAt: new Date(opensAtMs).toISOString(),
    closesAt: new Date(closesAtMs).toISOString(),
  }));
  await recordAudit(transaction, {
    ...entry,
    details: { windows: changed.length, first: named },
    atMs: nowMs,
  });
}

function chooseRemovable(
  event: EventDefinition,
  windowIds: readonly number[],
  nowMs: number,
): EventWindow[] {
  if (windowIds.length === 0) throw new EventError("invalid_input", "no window was named");
  const missing = windowIds.find((id) => !event.windows.some((window) => window.id === id));
  if (missing !== undefined) {
    throw new EventError("unknown_window", `event ${event.id} has no window ${missing}`);
  }
  const chosen = event.windows.filter((window) => windowIds.includes(window.id));
  const begun = chosen.find((window) => window.opensAtMs < nowMs + FOLLOW_LIMIT_MS);
  if (begun === undefined) return chosen;
  throw new EventError(
    "window_begun",
    `window ${begun.id} of event ${event.id} has begun, or begins within ${FOLLOW_LIMIT_MS / 1_000} s, and stays: pause or end the event to stop it`,
  );
}

async function insertEvent(
  transaction: Queryable,
  revision: number,
  { tiers, ...row }: ReturnType<typeof newEventRow>,
): Promise<void> {
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
  await requireCodesOfItsOwn(transaction, row);
  await transaction.insert(coupons).values(tiers.map((tier) => ({ ...tier, eventId: row.id })));
}

function newEventRow(input: NewEvent, nowMs: number) {
  const settings = { ...EVENT_DEFAULTS, name: input.name, ...checkSettings(input) };
  if (settings.validUntilMs !== null && settings.validUntilMs <= nowMs) {
    throw new EventError(
      "invalid_input",
      `the end of validity, ${new Date(settings.validUntilMs).toISOString()}, is over: give a later one`,
    );
  }
  const id = input.id ?? idFromName(settings.name);
  if (!ID_PATTERN.test(id)) {
    throw new EventError(
      "invalid_input",
      `the id "${id}" must have 1 to ${ID_LENGTH} lower-case letters, digits and hyphens, and not begin with a hyphen`,
    );
  }
  const stock = input.stock ?? EVENT_DEFAULTS.stock;
  requireWholeNumber("the stock", stock, 1, EVENT_LIMITS.stock);
  return {
    ...settings,
    id,
    stock,
    codeKey: randomBytes(CODE_KEY_BYTES),
    timeZone: canonicalTimeZone(input.timeZone ?? EVENT_DEFAULTS.timeZone),
    createdAtMs: nowMs,
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
