/** Refusals that the event's record explains, and does not. */
import { expect, test } from "bun:test";
import { judge, LOST_RECORDS } from "./oracle.ts";
import { judgeStates, type StateEvidence } from "./oracle-states.ts";
import { type Answer, CLOSED_OUTCOMES } from "./outcomes.ts";
import type { RecordedEvent } from "./records.ts";
import { noOutcomes } from "./tally.ts";
import { ToldTable } from "./told.ts";

const EVENT: RecordedEvent = {
  id: "launch",
  name: "Launch",
  stock: 10,
  windows: [
    { id: 1, opensAtMs: 0, closesAtMs: 10_000, quota: 3 },
    { id: 2, opensAtMs: 20_000, closesAtMs: 30_000, quota: null },
  ],
  paused: false,
  ended: false,
  revision: 5,
};
const MEMBER = "member-0000002";
const LATE_MS = 2_000;

/** The counter-examples of the checks that fail when the second member was told this. */
function failures(
  outcome: "paused" | "ended" | "windowExhausted",
  evidence: Partial<StateEvidence> = {},
  sentMs = LATE_MS,
): Record<string, readonly string[]> {
  const told = new ToldTable(4);
  const answer: Answer = { outcome };
  told.record(2, answer, sentMs * 1_000, (sentMs + 1) * 1_000);
  told.record(3, { outcome: "soldOut" }, 0, 0);
  const issuedByWindow = new Map([
    [1, 2],
    [2, 8],
  ]);
  const checks = judgeStates({
    before: EVENT,
    after: EVENT,
    told,
    issuedByWindow,
    isDrained: true,
    ...evidence,
  });
  const failed = checks.filter(({ ok }) => !ok);
  return Object.fromEntries(failed.map(({ id, counterExamples }) => [id, counterExamples]));
}

test("«paused» without cause", () => {
  expect(failures("paused")).toEqual({
    "paused-true": [`${MEMBER} was told «paused» while the event was not`],
  });
  const paused = { ...EVENT, paused: true };
  expect(failures("paused", { before: paused, after: paused })).toEqual({});
  expect(failures("paused", { before: paused, after: { ...EVENT, revision: 6 } })).toEqual({});
  expect(failures("paused", { after: { ...paused, revision: 6 } })).toEqual({});
  // It may have been paused and resumed, or have been resumed just before.
  expect(failures("paused", { after: { ...EVENT, revision: 7 } })).toEqual({});
  expect(failures("paused", {}, 500)).toEqual({});
  expect(failures("paused", { after: undefined })).toEqual({});
});

test("«ended» without cause; nobody takes an end back", () => {
  const found = { "ended-true": [`${MEMBER} was told «ended» while the event had not`] };
  expect(failures("ended")).toEqual(found);
  expect(failures("ended", { after: { ...EVENT, revision: 7 } }, 0)).toEqual(found);
  expect(failures("ended", { after: { ...EVENT, ended: true, revision: 6 } })).toEqual({});
  expect(failures("ended", { after: undefined })).toEqual({});
});

test("«window exhausted» without cause", () => {
  const found = {
    "exhausted-true": [`${MEMBER} was told «window exhausted», and no window's quota was used up`],
  };
  expect(failures("windowExhausted")).toEqual(found);
  expect(failures("windowExhausted", { issuedByWindow: new Map([[1, 3]]) })).toEqual({});
  expect(failures("windowExhausted", { after: { ...EVENT, revision: 6 } })).toEqual({});
  expect(failures("windowExhausted", { isDrained: false })).toEqual({});
  expect(failures("windowExhausted", { after: undefined })).toEqual({});
});

test.each(CLOSED_OUTCOMES)(
  "a member that had been told of its coupon is turned away: %s",
  (outcome) => {
    const told = new ToldTable(2);
    for (const row of [0, 1]) {
      const sentUs = row * 10_000;
      told.record(row, { outcome: "issued", rank: 1, code: "CODE" }, 0, 5_000);
      told.record(row, { outcome }, sentUs, 20_000);
    }
    expect([told.wasTurnedAway(0), told.wasTurnedAway(1)]).toEqual([false, true]);
  },
);

test("a server that may be behind is asked again before «paused» is held to be wrong", async () => {
  const paused = { ...EVENT, paused: true, revision: 6 };
  let asked = 0;
  const records = { ...LOST_RECORDS, event: async () => (++asked === 1 ? EVENT : paused) };
  const told = new ToldTable(4);
  told.record(2, { outcome: "paused" }, 3e6, 3e6);
  const outcomes = { ...noOutcomes(), paused: 1 };
  const credentials = new Uint8Array(4);
  const clocks = { startedAtMs: 0, sameClock: false };
  const testimony = { told, outcomes, credentials, ownEvent: true, ...clocks };
  const holders = { byNumber: new Uint8Array(4), issued: 0 };
  const checks = await judge(records, EVENT, holders, testimony, true);
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(asked).toBe(2);
});
