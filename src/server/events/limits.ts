/** The bounds and defaults of everything an administrator can set on an event. */
import { EventError } from "./event-error.ts";

export const EVENT_LIMITS = {
  nameLength: 200,
  stock: 10_000_000,
  couponTiers: 100,
  amount: 1_000_000_000,
  windowLengthMs: 24 * 60 * 60_000,
  windowsPerDay: 1_440,
  /** A year of ten windows a day, with some to spare: the engine keeps all of an event's windows. */
  windowsPerEvent: 4_000,
  dailyScheduleDays: 366,
  /** Every process of a server keeps them in memory: some hundred bytes each. */
  importedCodes: 1_000_000,
  /** Ten years. */
  validForMs: 3_660 * 24 * 60 * 60_000,
  /** 9999-12-31T23:59:59.999Z: the last moment with a four-digit year. */
  momentMs: 253_402_300_799_999,
} as const;

/**
 * How long before its opening a window, and the codes of the coupons that it will issue, can no
 * longer be taken back: running servers follow a change within a second, and one that has not
 * followed for this long says on `/readyz` that it is not ready.
 */
export const FOLLOW_LIMIT_MS = 5_000;

export const EVENT_DEFAULTS = {
  stock: 100_000,
  windowLengthMs: 60_000,
  windowsPerDay: 10,
  /** Not the machine's zone: the same command must mean the same days on every machine. */
  timeZone: "UTC",
  windowQuota: null,
  codePrefix: "",
  codeLength: 16,
  codesImported: false,
  validForMs: null,
  validUntilMs: null,
} as const;

/** @throws EventError (`invalid_input`) unless the value is a whole number from `min` to `max`. */
export function requireWholeNumber(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new EventError(
    "invalid_input",
    `${what} must be a whole number from ${min} to ${max}, not ${value}`,
  );
}
