import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { EventErrorCode } from "./event-error.ts";
import { EventError } from "./event-error.ts";
import {
  canonicalTimeZone,
  dailyOpenings,
  formatMoment,
  localDay,
  parseMoment,
} from "./schedule.ts";

/** Zones of every kind: with and without clock changes, half hours, a half-hour change, a lost day. */
const ZONES = [
  "UTC",
  "Asia/Seoul",
  "America/New_York",
  "Europe/Berlin",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "Africa/Casablanca",
];

function openingsOn(date: string, times: readonly string[], timeZone: string): string[] {
  return dailyOpenings({ times, from: date, days: 1, timeZone }).map(iso);
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

function refusal(call: () => unknown): { code: EventErrorCode; message: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof EventError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("days on which clocks change", () => {
  test.each([
    // The hour 02:00–03:00 is skipped on 8 March, 01:00–02:00 comes twice on 1 November.
    ["America/New_York", "2026-03-08", "01:59", "2026-03-08T06:59:00.000Z"],
    ["America/New_York", "2026-03-08", "03:00", "2026-03-08T07:00:00.000Z"],
    ["America/New_York", "2026-11-01", "00:59", "2026-11-01T04:59:00.000Z"],
    ["America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30:00.000Z"],
    ["America/New_York", "2026-11-01", "02:00", "2026-11-01T07:00:00.000Z"],
    // 02:00–03:00 is skipped on 29 March and comes twice on 25 October.
    ["Europe/Berlin", "2026-03-29", "03:00", "2026-03-29T01:00:00.000Z"],
    ["Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30:00.000Z"],
    ["Europe/Berlin", "2026-10-25", "03:00", "2026-10-25T02:00:00.000Z"],
    // Lord Howe moves by half an hour: 02:00–02:30 is skipped, 01:30–02:00 comes twice.
    ["Australia/Lord_Howe", "2026-10-04", "01:59", "2026-10-03T15:29:00.000Z"],
    ["Australia/Lord_Howe", "2026-10-04", "02:30", "2026-10-03T15:30:00.000Z"],
    ["Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45:00.000Z"],
    ["Australia/Lord_Howe", "2026-04-05", "02:00", "2026-04-04T15:30:00.000Z"],
    // Seoul has had no clock change since 1988.
    ["Asia/Seoul", "2026-03-29", "02:30", "2026-03-28T17:30:00.000Z"],
    ["Asia/Seoul", "2026-12-01", "10:00", "2026-12-01T01:00:00.000Z"],
  ])("%s, %s %s", (timeZone, date, time, expected) => {
    expect(openingsOn(date, [time], timeZone)).toEqual([expected]);
    expect(iso(parseMoment(`${date} ${time}`, timeZone))).toBe(expected);
  });

  test.each([
    ["America/New_York", "2026-03-08", "02:00:00"],
    ["America/New_York", "2026-03-08", "02:59:59"],
    ["Europe/Berlin", "2026-03-29", "02:30:00"],
    ["Australia/Lord_Howe", "2026-10-04", "02:15:00"],
    ["Pacific/Apia", "2011-12-30", "12:00:00"],
  ])("%s, %s %s is skipped, and refused by name", (timeZone, date, time) => {
    const expected = {
      code: "skipped_time",
      message: `${time} does not exist on ${date} in ${timeZone}: the clocks are put forward over it, so choose another time`,
    } as const;
    expect(refusal(() => openingsOn(date, [time], timeZone))).toEqual(expected);
    expect(refusal(() => parseMoment(`${date}T${time}`, timeZone))).toEqual(expected);
  });
});

describe("a daily schedule", () => {
  test("has every time on every day, ascending, whatever the order of the times", () => {
    const schedule = { from: "2026-12-31", days: 2, timeZone: "Asia/Seoul" };
    expect(dailyOpenings({ ...schedule, times: ["12:00", "10:00:30"] }).map(iso)).toEqual([
      "2026-12-31T01:00:30.000Z",
      "2026-12-31T03:00:00.000Z",
      "2027-01-01T01:00:30.000Z",
      "2027-01-01T03:00:00.000Z",
    ]);
  });

  test("keeps its local times over a clock change", () => {
    const times = ["10:00"];
    const timeZone = "Europe/Berlin";
    expect(dailyOpenings({ times, from: "2026-03-28", days: 2, timeZone }).map(iso)).toEqual([
      "2026-03-28T09:00:00.000Z",
      "2026-03-29T08:00:00.000Z",
    ]);
  });

  test.each([
    [{ times: [] }, /needs at least one time/],
    [{ times: ["10"] }, /"10" is not a time of day/],
    [{ times: ["1000"] }, /"1000" is not a time of day/],
    [{ times: ["25:00"] }, /"25:00" is not a time of day/],
    [{ times: ["24:00"] }, /"24:00" is not a time of day/],
    [{ times: ["10:00:60"] }, /"10:00:60" is not a time of day/],
    [{ times: ["10:00 "] }, /is not a time of day/],
    [{ times: [""] }, /"" is not a time of day/],
    [{ times: ["10:00", "10:00:00"] }, /the time 10:00:00 is given twice/],
    [{ from: "2026-02-30" }, /"2026-02-30" is not a date/],
    [{ from: "20261201" }, /"20261201" is not a date/],
    [{ from: "tomorrow" }, /"tomorrow" is not a date/],
    [{ days: 0 }, /number of days must be a whole number from 1 to 366, not 0/],
    [{ days: 367 }, /number of days/],
    [{ days: 1.5 }, /number of days/],
    [{ timeZone: "Mars/Olympus" }, /unknown time zone "Mars\/Olympus"/],
  ])("refuses %j", (changes, message) => {
    const schedule = { times: ["10:00"], from: "2026-12-01", days: 1, timeZone: "UTC", ...changes };
    expect(refusal(() => dailyOpenings(schedule)).message).toMatch(message);
  });
});

test.each(["Mars/Olympus", "KST", "+09:00", "", " UTC", "Asia"])("no zone: %j", (name) => {
  expect(refusal(() => canonicalTimeZone(name))).toEqual({
    code: "unknown_time_zone",
    message: `unknown time zone "${name}": give a name such as Asia/Seoul, Europe/Berlin or UTC`,
  });
});

test("a zone takes the spelling of the zone database", () => {
  expect(canonicalTimeZone("asia/seoul")).toBe("Asia/Seoul");
});

describe("a moment", () => {
  test.each([
    ["2026-12-01T10:00", "2026-12-01T01:00:00.000Z"],
    ["2026-12-01 10:00:05", "2026-12-01T01:00:05.000Z"],
    ["2026-12-01T10:00:05.250", "2026-12-01T01:00:05.250Z"],
    ["2026-12-01T10:00Z", "2026-12-01T10:00:00.000Z"],
    ["2026-12-01T10:00:00-05:00", "2026-12-01T15:00:00.000Z"],
  ])("%s in Seoul", (text, expected) => {
    expect(iso(parseMoment(text, "Asia/Seoul"))).toBe(expected);
  });

  test.each([
    "10:00",
    "2026-12-01",
    "2026-12-01T10",
    "2026-13-01T10:00",
    "2026-12-01T24:00",
    "2026-12-01T10:00:60Z",
    "2026-12-01T10:00+0900",
    "2026-12-01T10:00[Asia/Seoul]",
    "2026-02-30T10:00Z",
    "1764550800000",
    "",
  ])("is not: %j", (text) => {
    expect(refusal(() => parseMoment(text, "Asia/Seoul"))).toEqual({
      code: "invalid_input",
      message: `"${text}" is not a time: write 2026-12-01T10:00 (local time) or 2026-12-01T10:00+09:00`,
    });
  });

  test("is shown with its offset, and with milliseconds where there are some", () => {
    expect(formatMoment(Date.UTC(2026, 11, 1, 1), "Asia/Seoul")).toBe("2026-12-01 10:00:00+09:00");
    expect(formatMoment(7, "UTC")).toBe("1970-01-01 00:00:00.007+00:00");
  });
});

describe("in any zone", () => {
  const zone = fc.constantFrom(...ZONES);
  const epochMs = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2040, 0) });

  test("what is shown of a moment is read back as that moment", () => {
    fc.assert(
      fc.property(epochMs, zone, (ms, timeZone) => {
        expect(parseMoment(formatMoment(ms, timeZone), "UTC")).toBe(ms);
      }),
    );
  });

  test("a local day begins when the one before it ends", () => {
    fc.assert(
      fc.property(epochMs, zone, (ms, timeZone) => {
        // Independent of Temporal: the Swedish date format is YYYY-MM-DD.
        expect(localDay(ms, timeZone)).toBe(
          new Intl.DateTimeFormat("sv-SE", { timeZone }).format(ms),
        );
      }),
    );
  });

  test("every opening shows the time and the day that were asked for, and is the first to", () => {
    const schedule = fc.record({
      minutes: fc.uniqueArray(fc.integer({ min: 0, max: 1439 }), { minLength: 1, maxLength: 5 }),
      day: epochMs.map((ms) => localDay(ms, "UTC")),
      days: fc.integer({ min: 1, max: 10 }),
      timeZone: zone,
    });
    fc.assert(
      fc.property(schedule, ({ minutes, day, days, timeZone }) => {
        const times = minutes
          .toSorted((one, other) => one - other)
          .map((minute) => new Date(minute * 60_000).toISOString().slice(11, 16));
        const openings = allowSkipped(() => dailyOpenings({ times, from: day, days, timeZone }));
        for (const [index, opening] of openings.entries()) {
          const shown = localDateTime(opening, timeZone);
          const date = new Date(Date.parse(day) + Math.floor(index / times.length) * 86_400_000);
          expect(shown).toBe(`${date.toISOString().slice(0, 10)} ${times[index % times.length]}`);
          // No clock change repeats more than an hour.
          for (const earlierMs of [30 * 60_000, 60 * 60_000]) {
            expect(localDateTime(opening - earlierMs, timeZone)).not.toBe(shown);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  /** The schedule's openings; none where one of its times is skipped. */
  function allowSkipped(openings: () => number[]): number[] {
    try {
      return openings();
    } catch (error) {
      if (error instanceof EventError && error.code === "skipped_time") return [];
      throw error;
    }
  }

  function localDateTime(ms: number, timeZone: string): string {
    return new Intl.DateTimeFormat("sv-SE", {
      timeZone,
      dateStyle: "short",
      timeStyle: "short",
    }).format(ms);
  }
});
