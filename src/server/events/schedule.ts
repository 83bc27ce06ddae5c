/**
 * Times as people write them, in a zone, turned into milliseconds since the epoch and back. Pure.
 *
 * A local time that a clock change skips is refused. One that a clock change repeats means the
 * first of the two: the window opens when the clock first shows that time.
 */
import { EventError } from "./event-error.ts";
import { EVENT_LIMITS, requireWholeNumber } from "./limits.ts";

const DATE_PATTERN = /^\d{4}-\d{2}-\d{2}$/;
// No leap second: Temporal would read 10:00:60 as 10:00:59.
const TIME_PATTERN = /^\d{2}:\d{2}(:[0-5]\d)?$/;
const DATE_TIME_PATTERN =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::[0-5]\d(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?$/;

/** The same times on each of several days in a row. */
export interface DailySchedule {
  /** Local times of day, `HH:MM` or `HH:MM:SS`, in any order. */
  readonly times: readonly string[];
  /** The first day, `YYYY-MM-DD`. */
  readonly from: string;
  readonly days: number;
  readonly timeZone: string;
}

/**
 * The zone's name as the zone database spells it (`asia/seoul` → `Asia/Seoul`).
 *
 * @throws EventError (`unknown_time_zone`). Bare offsets are no zones: they know no clock changes.
 */
export function canonicalTimeZone(name: string): string {
  try {
    if (/^[A-Za-z]/.test(name)) return zoned(0, name).timeZoneId;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new EventError(
    "unknown_time_zone",
    `unknown time zone "${name}": give a name such as Asia/Seoul, Europe/Berlin or UTC`,
  );
}

/** The openings of a daily schedule, ascending, in ms since the epoch. @throws EventError */
export function dailyOpenings(schedule: DailySchedule): number[] {
  const timeZone = canonicalTimeZone(schedule.timeZone);
  const times = parseTimesOfDay(schedule.times);
  const from = parseDate(schedule.from);
  requireWholeNumber("the number of days", schedule.days, 1, EVENT_LIMITS.dailyScheduleDays);
  return Array.from({ length: schedule.days }, (_, day) => from.add({ days: day })).flatMap(
    (date) => times.map((time) => localToEpochMs(date.toPlainDateTime(time), timeZone)),
  );
}

/**
 * Reads one moment: `2026-12-01T10:00:00+09:00` or `…Z` is an instant, `2026-12-01T10:00` or
 * `2026-12-01 10:00` a local time of the zone.
 *
 * @returns ms since the epoch
 * @throws EventError
 */
export function parseMoment(text: string, timeZone: string): number {
  const zone = canonicalTimeZone(timeZone);
  const [, date, time, offset] = DATE_TIME_PATTERN.exec(text) ?? [];
  try {
    if (date !== undefined && time !== undefined) {
      if (offset !== undefined) {
        return Temporal.Instant.from(`${date}T${time}${offset}`).epochMilliseconds;
      }
      return localToEpochMs(Temporal.PlainDateTime.from(`${date}T${time}`), zone);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new EventError(
    "invalid_input",
    `"${text}" is not a time: write 2026-12-01T10:00 (local time) or 2026-12-01T10:00+09:00`,
  );
}

/** The day, `YYYY-MM-DD`, that the zone's calendars show at this moment. */
export function localDay(epochMs: number, timeZone: string): string {
  return zoned(epochMs, timeZone).toPlainDate().toString();
}

/** `2026-12-01 10:00:00+09:00`, with milliseconds only where they are not zero. */
export function formatMoment(epochMs: number, timeZone: string): string {
  const moment = zoned(epochMs, timeZone);
  const fraction = epochMs % 1000 === 0 ? 0 : 3;
  const text = moment.toString({ timeZoneName: "never", fractionalSecondDigits: fraction });
  return text.replace("T", " ");
}

function zoned(epochMs: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(timeZone);
}

function localToEpochMs(local: Temporal.PlainDateTime, timeZone: string): number {
  const moment = local.toZonedDateTime(timeZone, { disambiguation: "earlier" });
  // Where the zone has no such local time, Temporal gives a neighbouring one.
  if (!moment.toPlainDateTime().equals(local)) {
    throw new EventError(
      "skipped_time",
      `${local.toPlainTime().toString()} does not exist on ${local.toPlainDate().toString()} in ${timeZone}: the clocks are put forward over it, so choose another time`,
    );
  }
  return moment.epochMilliseconds;
}

function parseTimesOfDay(texts: readonly string[]): Temporal.PlainTime[] {
  if (texts.length === 0) {
    throw new EventError(
      "invalid_input",
      "a daily schedule needs at least one time, such as 10:00",
    );
  }
  const times = texts.map(parseTimeOfDay).sort(Temporal.PlainTime.compare);
  const repeated = times.find((time, index) => times[index + 1]?.equals(time));
  if (repeated !== undefined) {
    throw new EventError("invalid_input", `the time ${repeated.toString()} is given twice`);
  }
  return times;
}

function parseTimeOfDay(text: string): Temporal.PlainTime {
  try {
    if (TIME_PATTERN.test(text)) return Temporal.PlainTime.from(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new EventError(
    "invalid_input",
    `"${text}" is not a time of day: write it as 10:00 or 22:30`,
  );
}

function parseDate(text: string): Temporal.PlainDate {
  try {
    if (DATE_PATTERN.test(text)) return Temporal.PlainDate.from(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new EventError("invalid_input", `"${text}" is not a date: write it as 2026-12-01`);
}
