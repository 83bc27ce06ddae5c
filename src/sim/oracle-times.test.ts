import { expect, test } from "bun:test";
import { judgeTimes, type LastIssuance } from "./oracle-times.ts";
import type { Answer } from "./outcomes.ts";
import { ToldTable } from "./told.ts";

const START_MS = 1_000_000_000_000;
const WINDOWS = [
  { id: 1, opensAtMs: START_MS + 1_000, closesAtMs: START_MS + 2_000, quota: null },
  { id: 2, opensAtMs: START_MS + 3_000, closesAtMs: START_MS + 4_000, quota: null },
];
const soldOut: Answer = { outcome: "soldOut" };
const notOpen: Answer = { outcome: "notOpen" };
const issued: Answer = { outcome: "issued", rank: 1, code: "C" };

/** The counter-examples for one member's answer, sent and received at these ms after the start. */
function judgeOne(
  answer: Answer,
  sentMs: number,
  atMs: number,
  last?: LastIssuance,
  { sameClock = true, restocked = false } = {},
): readonly string[] {
  const told = new ToldTable(2);
  told.record(1, answer, sentMs * 1_000, atMs * 1_000);
  const keeping = { told, startedAtMs: START_MS, sameClock };
  const checks = judgeTimes({ windows: WINDOWS }, keeping, last, restocked);
  expect(checks.map(({ id }) => id)).toEqual(["told-in-window", "not-open-true", "sold-out-last"]);
  for (const check of checks) expect(check.ok).toBe(check.counterExamples.length === 0);
  return checks.flatMap((check) => check.counterExamples);
}

const lastAt = (ms: number): LastIssuance => ({ rank: 7, issuedAtMs: START_MS + ms });

test("«sold out» before the last coupon was decided, beyond the clock's allowance", () => {
  expect(judgeOne(soldOut, 1_400, 1_500, lastAt(1_400))).toEqual([]);
  expect(judgeOne(soldOut, 1_400, 1_500, lastAt(1_521))).toEqual([]);
  expect(judgeOne(soldOut, 1_400, 1_500, lastAt(1_522))).toEqual([
    "member-0000001 was told «sold out» 21 ms before rank 7 was issued",
  ]);
  expect(judgeOne(soldOut, 1_400, 1_500)).toEqual([]);
});

test("the first «sold out» counts", () => {
  const told = new ToldTable(2);
  told.record(1, soldOut, 0, 1_500_000);
  told.record(1, soldOut, 0, 1_900_000);
  const keeping = { told, startedAtMs: START_MS, sameClock: true };
  const [, , early] = judgeTimes({ windows: WINDOWS }, keeping, lastAt(1_800), false);
  expect(early?.ok).toBe(false);
});

test("«not open» told while a window was open, a second after it opened at the earliest", () => {
  const windows = [{ id: 1, opensAtMs: START_MS, closesAtMs: START_MS + 4_000, quota: null }];
  const refusedAt = (sentMs: number, atMs: number, sameClock = true) => {
    const told = new ToldTable(2);
    told.record(1, notOpen, sentMs * 1_000, atMs * 1_000);
    const keeping = { told, startedAtMs: START_MS, sameClock };
    const checks = judgeTimes({ windows }, keeping, undefined, false);
    return checks.flatMap(({ counterExamples }) => counterExamples);
  };
  const found = ["member-0000001 was told «not open» while the event was open"];
  expect(refusedAt(1_019, 1_500)).toEqual([]);
  expect(refusedAt(1_020, 1_500)).toEqual(found);
  expect(refusedAt(3_000, 3_978)).toEqual(found);
  expect(refusedAt(3_000, 3_979)).toEqual([]);
  expect(refusedAt(4_100, 4_200)).toEqual([]);
  expect(refusedAt(1_020, 1_500, false)).toEqual([]);
});

test("a coupon on a claim that was sent after a «sold out», whatever the ledger's clock", () => {
  const judgeTwo = (sentMs: number, restocked = false) => {
    const told = new ToldTable(3);
    told.record(1, soldOut, 1_000_000, 1_100_000);
    told.record(2, issued, sentMs * 1_000, sentMs * 1_000 + 50_000);
    const keeping = { told, startedAtMs: START_MS, sameClock: false };
    const [, , early] = judgeTimes({ windows: WINDOWS }, keeping, undefined, restocked);
    return early?.counterExamples;
  };
  expect(judgeTwo(1_050)).toEqual([]);
  expect(judgeTwo(1_121)).toEqual([]);
  expect(judgeTwo(1_122)).toEqual([
    "member-0000002 was issued a coupon on a claim sent 21 ms after member-0000001 was told «sold out»",
  ]);
  expect(judgeTwo(1_500, true)).toEqual([]);
});

test("not judged: another clock, another stock", () => {
  const other = { sameClock: false };
  expect(judgeOne(soldOut, 1_400, 1_500, lastAt(1_900), other)).toEqual([]);
  expect(judgeOne(issued, 5_000, 5_001, undefined, other)).toEqual([]);
  expect(judgeOne(soldOut, 1_400, 1_500, lastAt(1_900), { restocked: true })).toEqual([]);
});

test("«issued» told while no window can have been open", () => {
  const closed = (ms: number) =>
    `member-0000001 was told «issued» on a claim sent ${ms} ms after the event had closed`;
  // The claim's whole time counts: sent before the opening, answered behind it.
  expect(judgeOne(issued, 500, 1_000)).toEqual([]);
  expect(judgeOne(issued, 500, 979)).toEqual([]);
  expect(judgeOne(issued, 500, 978)).toEqual([
    "member-0000001 was told «issued» before the event opened",
  ]);
  expect(judgeOne(issued, 1_999, 2_900)).toEqual([]);
  expect(judgeOne(issued, 2_019, 2_900)).toEqual([]);
  expect(judgeOne(issued, 2_020, 2_900)).toEqual([closed(20)]);
  expect(judgeOne(issued, 2_500, 3_100)).toEqual([]);
  expect(judgeOne(issued, 4_500, 4_600)).toEqual([closed(500)]);
});
