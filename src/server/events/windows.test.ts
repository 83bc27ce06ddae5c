import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { eventDefinition } from "../../../test/support/event.ts";
import type { EventDefinition, EventWindow } from "./event.ts";
import { EventError, type EventErrorCode } from "./event-error.ts";
import { type Opening, planWindows } from "./windows.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** 2026-12-01 00:00 in Seoul. */
const MIDNIGHT_MS = Date.UTC(2026, 10, 30, 15);

function event(windows: readonly EventWindow[] = [], windowsPerDay = 10): EventDefinition {
  return eventDefinition({ stock: 10, timeZone: "Asia/Seoul", windowsPerDay, windows });
}

/** Existing windows of one minute, at these moments after midnight. */
function existing(...afterMidnightMs: readonly number[]): EventWindow[] {
  return afterMidnightMs.map((ms, index) => ({
    id: index + 1,
    opensAtMs: MIDNIGHT_MS + ms,
    closesAtMs: MIDNIGHT_MS + ms + MINUTE_MS,
    quota: null,
  }));
}

function openings(...afterMidnightMs: readonly number[]): Opening[] {
  return afterMidnightMs.map((ms) => ({ opensAtMs: MIDNIGHT_MS + ms }));
}

function refusal(
  definition: EventDefinition,
  asked: readonly Opening[],
): { code: EventErrorCode; message: string } {
  try {
    planWindows(definition, asked, MIDNIGHT_MS);
  } catch (error) {
    if (error instanceof EventError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}

test("windows last as long as the policy says, and come in their order", () => {
  const asked = [{ opensAtMs: MIDNIGHT_MS + HOUR_MS, quota: 5 }, { opensAtMs: MIDNIGHT_MS }];
  expect(planWindows(event(), asked, MIDNIGHT_MS)).toEqual([
    { opensAtMs: MIDNIGHT_MS, closesAtMs: MIDNIGHT_MS + MINUTE_MS, quota: null },
    { opensAtMs: MIDNIGHT_MS + HOUR_MS, closesAtMs: MIDNIGHT_MS + HOUR_MS + MINUTE_MS, quota: 5 },
  ]);
});

describe("the length", () => {
  test.each([1, MINUTE_MS])("may be %d ms", (lengthMs) => {
    const asked = { opensAtMs: MIDNIGHT_MS, closesAtMs: MIDNIGHT_MS + lengthMs };
    expect(planWindows(event(), [asked], MIDNIGHT_MS)).toEqual([{ ...asked, quota: null }]);
  });

  test.each([-1, 0, MINUTE_MS + 1])("may not be %d ms", (lengthMs) => {
    const asked = { opensAtMs: MIDNIGHT_MS, closesAtMs: MIDNIGHT_MS + lengthMs };
    expect(refusal(event(), [asked])).toEqual({
      code: "invalid_input",
      message: `the window at 2026-12-01 00:00:00+09:00 (Asia/Seoul) would last ${lengthMs} ms: the event allows 1 to 60000 ms`,
    });
  });
});

test("a window may open now, but not in the past", () => {
  expect(planWindows(event(), openings(0), MIDNIGHT_MS)).toHaveLength(1);
  expect(refusal(event(), openings(HOUR_MS, -1000))).toEqual({
    code: "window_in_past",
    message:
      "a window cannot open in the past: 2026-11-30 23:59:59+09:00 (Asia/Seoul) is over, so choose a later time",
  });
});

describe("overlaps", () => {
  test.each([
    ["the same window again", existing(HOUR_MS), openings(HOUR_MS)],
    ["the end of an existing one", existing(HOUR_MS), openings(HOUR_MS + MINUTE_MS - 1)],
    ["the beginning of an existing one", existing(HOUR_MS), openings(HOUR_MS - MINUTE_MS + 1)],
    ["each other", [], openings(HOUR_MS + 1, HOUR_MS)],
  ])("with %s are refused", (_, windows, asked) => {
    expect(refusal(event(windows), asked).code).toBe("window_overlap");
  });

  test("are named with all three times", () => {
    expect(refusal(event(existing(HOUR_MS)), openings(HOUR_MS + 30_000)).message).toBe(
      "the window at 2026-12-01 01:00:30+09:00 (Asia/Seoul) overlaps the one at 2026-12-01 01:00:00+09:00 (Asia/Seoul), which closes at 2026-12-01 01:01:00+09:00 (Asia/Seoul): choose a time outside it",
    );
  });

  test("are not where windows only touch", () => {
    const touching = openings(HOUR_MS - MINUTE_MS, HOUR_MS + MINUTE_MS);
    expect(planWindows(event(existing(HOUR_MS)), touching, MIDNIGHT_MS)).toHaveLength(2);
  });
});

describe("the windows of a local day", () => {
  const hours = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) => (first + index) * HOUR_MS);

  test("may be ten, and ten more on the next day", () => {
    expect(planWindows(event(), openings(...hours(14, 20)), MIDNIGHT_MS)).toHaveLength(20);
  });

  test("may not be eleven", () => {
    expect(refusal(event(), openings(...hours(0, 11)))).toEqual({
      code: "too_many_windows",
      message:
        "the window at 2026-12-01 10:00:00+09:00 (Asia/Seoul) would be number 11 on 2026-12-01: the event allows 10 a day",
    });
  });

  test("are counted with those that exist, and the one asked for is named", () => {
    const busy = event(existing(...hours(1, 9), 23 * HOUR_MS));
    expect(refusal(busy, openings(0)).message).toMatch(/^the window at 2026-12-01 00:00:00\+09:00/);
    // 2026-12-02 in Seoul, still 2026-12-01 in UTC.
    expect(planWindows(busy, openings(24 * HOUR_MS), MIDNIGHT_MS)).toHaveLength(1);
  });

  test("are as many as the event's policy says", () => {
    expect(refusal(event(existing(0), 1), openings(HOUR_MS)).message).toContain("allows 1 a day");
  });
});

test("an event has a bounded number of windows", () => {
  const many = Array.from({ length: 4_001 }, (_, day) => day * 24 * HOUR_MS);
  expect(refusal(event(), openings(...many)).message).toMatch(/may have 4000 windows/);
  expect(refusal(event(existing(...many.slice(0, 4_000))), openings(HOUR_MS)).message).toMatch(
    /has room for 0 more, not for 1/,
  );
});

test.each([
  [[], /no window was asked for/],
  [[{ opensAtMs: MIDNIGHT_MS + 0.5 }], /the opening \(ms since 1970\) must be a whole number/],
  [[{ opensAtMs: Number.NaN }], /the opening/],
  [[{ opensAtMs: 8.64e15 }], /the opening/],
  [[{ opensAtMs: MIDNIGHT_MS, closesAtMs: Number.NaN }], /the closing/],
  [[{ opensAtMs: MIDNIGHT_MS, quota: 0 }], /the quota must be a whole number from 1/],
])("refuses %j", (asked, message) => {
  const { code, message: said } = refusal(event(), asked);
  expect(code).toBe("invalid_input");
  expect(said).toMatch(message);
});

test("whatever is accepted has no two windows open at once and no crowded day", () => {
  const minutes = fc.array(fc.integer({ min: 0, max: 3 * 24 * 60 }), {
    minLength: 1,
    maxLength: 12,
  });
  const policy = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(minutes, minutes, policy, (before, asked, perDay) => {
      const plan = (windows: readonly EventWindow[], at: readonly number[]) => {
        const wanted = openings(...at.map((minute) => minute * MINUTE_MS));
        try {
          return planWindows(event(windows, perDay), wanted, MIDNIGHT_MS);
        } catch (error) {
          if (error instanceof EventError) return undefined;
          throw error;
        }
      };
      const kept = (plan([], before) ?? []).map((window, id) => ({ id, ...window }));
      const added = plan(kept, asked);
      const all = [...before.slice(0, kept.length), ...asked];
      const days = Map.groupBy(all, (minute) => Math.floor(minute / (24 * 60)));
      const allowed =
        new Set(all).size === all.length && [...days.values()].every((day) => day.length <= perDay);
      expect(added !== undefined).toBe(allowed);
    }),
    { numRuns: 500 },
  );
});
