/** The settings of events as they are typed: the same options for creating, updating and cloning. */
import { type Command, Option } from "commander";
import { CODE_LENGTH } from "../server/claims/code.ts";
import { EVENT_LIMITS } from "../server/events/limits.ts";
import type { SomeSettings } from "../server/events/settings.ts";
import { noneAsNull, orNone, wholeNumber } from "./count.ts";
import { duration } from "./duration.ts";

/** What the options say. */
export interface SettingFlags {
  readonly windowLength?: number;
  readonly windowsPerDay?: number;
  readonly windowQuota?: number | "none";
  readonly codePrefix?: string;
  readonly codeLength?: number;
  readonly validFor?: number | "none";
  readonly validUntil?: string;
}

/** Adds the options; `defaults` are what help tells of those that have one. */
export function withSettingOptions(
  command: Command,
  defaults:
    | { readonly windowLength: string; readonly windowsPerDay: string; readonly codeLength: string }
    | undefined,
): Command {
  const told = (text: string, value: string | undefined) =>
    value === undefined ? text : `${text} (default: ${value})`;
  return command
    .addOption(
      new Option(
        "--window-length <duration>",
        told("how long a window lasts", defaults?.windowLength),
      ).argParser(duration(EVENT_LIMITS.windowLengthMs)),
    )
    .option(
      "--windows-per-day <n>",
      told("how many windows may begin on one day", defaults?.windowsPerDay),
      wholeNumber(1, EVENT_LIMITS.windowsPerDay),
    )
    .option(
      "--window-quota <n>",
      "the most that a window may issue that is planned without --quota, or none",
      orNone(wholeNumber(1, EVENT_LIMITS.stock)),
    )
    .option("--code-prefix <text>", "stands before every code, such as SUMMER; or none")
    .option(
      "--code-length <n>",
      told("letters of a code; fewer than 16 need a prefix of their own", defaults?.codeLength),
      wholeNumber(CODE_LENGTH.min, CODE_LENGTH.max),
    )
    .option(
      "--valid-for <duration>",
      "how long after it was issued a coupon is good, such as 30d; or none",
      orNone(duration(EVENT_LIMITS.validForMs)),
    )
    .option(
      "--valid-until <time>",
      "until when coupons are good, such as 2027-01-01T00:00; or none",
    );
}

/**
 * The settings that the flags name.
 *
 * @param timeZone in which a local time is read
 * @throws EventError when a time cannot be read
 */
export async function readSettings(flags: SettingFlags, timeZone: string): Promise<SomeSettings> {
  const { parseMoment } = await import("../server/events/schedule.ts");
  const { codePrefix } = flags;
  const validUntil = noneAsNull<string>(flags.validUntil);
  return {
    windowLengthMs: flags.windowLength,
    windowsPerDay: flags.windowsPerDay,
    windowQuota: noneAsNull(flags.windowQuota),
    codePrefix: codePrefix === "none" ? "" : codePrefix,
    codeLength: flags.codeLength,
    validForMs: noneAsNull(flags.validFor),
    validUntilMs: typeof validUntil === "string" ? parseMoment(validUntil, timeZone) : validUntil,
  };
}
