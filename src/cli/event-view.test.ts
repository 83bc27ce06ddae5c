import { expect, test } from "bun:test";
import { eventDefinition } from "../../test/support/event.ts";
import { eventJson, eventTable, eventText } from "./event-view.ts";

const event = eventDefinition({
  id: "summer",
  name: "Summer",
  stock: 500,
  timeZone: "Asia/Seoul",
  windowLengthMs: 500,
  coupons: [
    { firstRank: 1, kind: "percent", value: 50 },
    { firstRank: 101, kind: "amount", value: 5_000 },
    { firstRank: 501, kind: "percent", value: 5 },
  ],
  windows: [{ id: 3, opensAtMs: 1_000, closesAtMs: 1_500, quota: 200 }],
});

test("a lowered stock leaves only the tiers within it, and never less than nothing", () => {
  expect(eventJson({ event, issued: 501, nowMs: 1_200 })).toMatchObject({
    state: "sold_out",
    remaining: 0,
    coupons: [
      { firstRank: 1, lastRank: 100, kind: "percent", value: 50 },
      { firstRank: 101, lastRank: 500, kind: "amount", value: 5_000 },
    ],
  });
});

test("text shows an event in full", () => {
  expect(eventText({ event, issued: 20, nowMs: 1_200 })).toBe(
    `event      summer
name       Summer
state      open
stock      500
issued     20
remaining  480
time zone  Asia/Seoul
policy     windows of up to 500ms, at most 10 a day
coupons    ranks 1 to 100: 50 % off
           ranks 101 to 500: 5,000 off

window  opens (Asia/Seoul)         closes (Asia/Seoul)            opens (UTC)           quota
3       1970-01-01 09:00:01+09:00  1970-01-01 09:00:01.500+09:00  1970-01-01 00:00:01Z  200`,
  );
});

test("a tier of one rank is told as one", () => {
  const coupons = [{ firstRank: 500, kind: "percent", value: 50 } as const];
  const text = eventText({ event: { ...event, coupons }, issued: 0, nowMs: 0 });
  expect(text).toMatch(/^coupons +rank 500: 50 % off$/m);
});

test("columns stay straight beside letters that take two places", () => {
  const korean = { ...event, id: "여름" };
  const all = [event, korean].map((each) => ({ event: each, issued: 0, nowMs: 0 }));
  expect(eventTable(all)).toBe(
    `event   state      stock  issued  opens next                              name
summer  scheduled  500    0       1970-01-01 09:00:01+09:00 (Asia/Seoul)  Summer
여름    scheduled  500    0       1970-01-01 09:00:01+09:00 (Asia/Seoul)  Summer`,
  );
});
