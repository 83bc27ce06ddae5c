/** The settings of an event: which values each may have, and how it is written. */
import { and, eq, ne, sql } from "drizzle-orm";
import { events, importedCodes } from "../../../schema/tables.ts";
import { CODE_LENGTH, SELF_SUFFICIENT_CODE_LENGTH } from "../claims/code.ts";
import { EventError } from "./event-error.ts";
import type { Queryable } from "./event-rows.ts";
import { EVENT_LIMITS, requireWholeNumber } from "./limits.ts";

/** What an administrator may set beside stock, tiers and zone; see EventDefinition for each. */
export interface EventSettings {
  readonly name: string;
  readonly windowLengthMs: number;
  readonly windowsPerDay: number;
  readonly windowQuota: number | null;
  readonly codePrefix: string;
  readonly codeLength: number;
  readonly validForMs: number | null;
  readonly validUntilMs: number | null;
}

/** Some settings; what is left out, or undefined, stays as it is or takes its default. */
export type SomeSettings = {
  readonly [Key in keyof EventSettings]?: EventSettings[Key] | undefined;
};

const PREFIX_PATTERN = /^[A-Z0-9]{1,12}$/;

/**
 * The settings that are given, as they are kept.
 *
 * @throws EventError (`invalid_input`) for the first that is out of its bounds
 */
export function checkSettings(given: SomeSettings): Partial<EventSettings> {
  const { windowLengthMs, windowsPerDay, windowQuota, codeLength } = given;
  const checked: { -readonly [Key in keyof EventSettings]?: EventSettings[Key] } = {};
  if (given.name !== undefined) checked.name = checkName(given.name);
  if (windowLengthMs !== undefined) {
    requireWholeNumber("the window length in ms", windowLengthMs, 1, EVENT_LIMITS.windowLengthMs);
    checked.windowLengthMs = windowLengthMs;
  }
  if (windowsPerDay !== undefined) {
    requireWholeNumber("the windows per day", windowsPerDay, 1, EVENT_LIMITS.windowsPerDay);
    checked.windowsPerDay = windowsPerDay;
  }
  if (windowQuota !== undefined) {
    if (windowQuota !== null) {
      requireWholeNumber("the window quota", windowQuota, 1, EVENT_LIMITS.stock);
    }
    checked.windowQuota = windowQuota;
  }
  if (given.codePrefix !== undefined) checked.codePrefix = checkPrefix(given.codePrefix);
  if (codeLength !== undefined) {
    requireWholeNumber("the code length", codeLength, CODE_LENGTH.min, CODE_LENGTH.max);
    checked.codeLength = codeLength;
  }
  return { ...checked, ...checkValidity(given) };
}

function checkName(text: string): string {
  const name = text.trim();
  const isLong = name.length > EVENT_LIMITS.nameLength;
  // A lone surrogate has no UTF-8 form: the database would keep another name than was given.
  if (name !== "" && !isLong && !/\p{Cc}/u.test(name) && name.isWellFormed()) return name;
  throw new EventError(
    "invalid_input",
    `the name must have 1 to ${EVENT_LIMITS.nameLength} characters, none of them a control character`,
  );
}

function checkPrefix(text: string): string {
  const prefix = text.toUpperCase();
  if (prefix === "" || PREFIX_PATTERN.test(prefix)) return prefix;
  throw new EventError(
    "invalid_input",
    `the code prefix "${text}" must have 1 to 12 letters A to Z and digits, or be empty for none`,
  );
}

function checkValidity({ validForMs, validUntilMs }: SomeSettings): Partial<EventSettings> {
  if (validForMs !== undefined && validForMs !== null) {
    requireWholeNumber("the validity in ms", validForMs, 1, EVENT_LIMITS.validForMs);
  }
  if (validUntilMs !== undefined && validUntilMs !== null) {
    requireWholeNumber(
      "the end of validity (ms since 1970)",
      validUntilMs,
      0,
      EVENT_LIMITS.momentMs,
    );
  }
  return {
    ...(validForMs === undefined ? {} : { validForMs }),
    ...(validUntilMs === undefined ? {} : { validUntilMs }),
  };
}

/**
 * Makes sure that no other event may give out the codes of this one (claims/code.ts says why short
 * codes need a prefix of their own), and that none brought such along.
 *
 * @throws EventError (`invalid_input` for a short code without a prefix, `code_taken`)
 */
export async function requireCodesOfItsOwn(
  transaction: Queryable,
  { id, codePrefix, codeLength }: Pick<EventSettings, "codePrefix" | "codeLength"> & { id: string },
): Promise<void> {
  if (codeLength < SELF_SUFFICIENT_CODE_LENGTH) {
    if (codePrefix === "") {
      throw new EventError(
        "invalid_input",
        `codes of ${codeLength} letters need a prefix that keeps them apart from other events' codes: give one, or ${SELF_SUFFICIENT_CODE_LENGTH} letters and more`,
      );
    }
    const [other] = await transaction
      .select({ id: events.id })
      .from(events)
      .where(
        and(
          eq(events.codePrefix, codePrefix),
          eq(events.codeLength, codeLength),
          eq(events.codesImported, false),
          ne(events.id, id),
        ),
      )
      .limit(1);
    if (other !== undefined) {
      throw new EventError(
        "code_taken",
        `event ${other.id} has codes of ${codeLength} letters with the prefix ${codePrefix} already: choose another prefix`,
      );
    }
  }
  if (codePrefix === "") return;
  // The character after a hyphen is a full stop: the codes that begin with the prefix and a hyphen.
  const [imported] = await transaction
    .select({ eventId: importedCodes.eventId })
    .from(importedCodes)
    .where(
      and(
        ne(importedCodes.eventId, id),
        sql`${importedCodes.code} >= ${`${codePrefix}-`} AND ${importedCodes.code} < ${`${codePrefix}.`}`,
      ),
    )
    .limit(1);
  if (imported === undefined) return;
  throw new EventError(
    "code_taken",
    `event ${imported.eventId} brought codes that begin with ${codePrefix}-: choose another prefix`,
  );
}
