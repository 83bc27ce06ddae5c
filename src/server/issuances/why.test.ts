import { beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { eventWithWindow, issueTo, leaveInOutbox } from "../../../test/support/issuances.ts";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import { recordAudit } from "../audit.ts";
import { type Database, openDatabase } from "../database.ts";
import type { EventDefinition } from "../events/event.ts";
import { pageOutbox } from "../ledger/outbox.ts";
import { createMember } from "../members/accounts.ts";
import { UNKEPT_MEMBER_ID, UNKEPT_OUTCOME } from "../refusals/refusal.ts";
import { encodeRefusals, mergeRefusals } from "../refusals/store.ts";
import { memberHistory } from "./why.ts";
import { historyJson, historySentences } from "./why-answer.ts";

const OPENS_AT_MS = Date.parse("2026-11-22T10:00:00Z");

let database: Database;
let event: EventDefinition;

beforeEach(async () => {
  database = await openDatabase(join(temporaryDirectory().path, "ledger.db"));
  event = await eventWithWindow(database, { id: "launch", name: "Launch", stock: 3 }, OPENS_AT_MS);
  // kim at the opening, lee a second later; yun, another second later, is still in the outbox.
  await issueTo(database, event, ["kim", "lee"]);
  await leaveInOutbox(database, event, ["yun"], 3);
});

/** Keeps that the member was refused so, so many ms after the opening, first and last. */
async function refused(memberId: string, outcome: string, firstMs: number, lastMs = firstMs) {
  await mergeRefusals(
    database,
    encodeRefusals([
      {
        eventId: "launch",
        memberId,
        firstOutcome: outcome,
        firstAtMs: OPENS_AT_MS + firstMs,
        lastOutcome: outcome,
        lastAtMs: OPENS_AT_MS + lastMs,
        times: firstMs === lastMs ? 1 : 2,
      },
    ]),
  );
}

async function history(memberId: string) {
  const source = { database, undelivered: () => pageOutbox(database, "launch") };
  return await memberHistory(source, event, memberId);
}

async function sentences(memberId: string): Promise<string[]> {
  return historySentences(await history(memberId), (epochMs) => `+${epochMs - OPENS_AT_MS}`);
}

test("a coupon: its rank, its window and its time", async () => {
  expect(await sentences("lee")).toEqual([
    `issued rank 2 at +1000, 1.0 s after window ${event.windows[0]?.id} opened`,
  ]);
  expect(await sentences("yun")).toEqual([
    expect.stringContaining("issued rank 3 at +2000, 2.0 s"),
    "the coupon is on its way to the ledger",
  ]);
});

test("sold out: by how much, counted from the last coupon, wherever it is", async () => {
  await refused("late", "sold_out", 2_037, 62_000);
  expect(await sentences("late")).toEqual([
    "refused 2 times, first: sold_out at +2037: the stock ran out 37 ms earlier",
    "and last: sold_out at +62000: the stock ran out 1 min 0 s earlier",
  ]);
  expect(historyJson(event, await history("late"))).toMatchObject({
    outcome: "refused",
    issuance: null,
    refusals: { times: 2, first: { lateByMs: 37, beforeOpeningMs: null } },
  });
});

test("not open: how long before the window opened, and after one closed", async () => {
  await refused("early", "not_open", -3_200);
  await refused("tardy", "not_open", 60_000);
  const [id] = event.windows.map((window) => window.id);
  expect(await sentences("early")).toEqual([
    `refused once: not_open at +-3200: 3.2 s before window ${id} opened`,
  ]);
  expect(await sentences("tardy")).toEqual([
    `refused once: not_open at +60000: 0 ms after window ${id} closed`,
  ]);
});

test("a window's quota: by how much, within the window; without one, only when", async () => {
  await refused("late", "window_exhausted", 1_500);
  await refused("odd", "window_exhausted", 90_000);
  expect(await sentences("late")).toEqual([
    "refused once: window_exhausted at +1500: the window's quota ran out 500 ms earlier",
  ]);
  expect(await sentences("odd")).toEqual(["refused once: window_exhausted at +90000"]);
});

test("paused and ended: since when, by the audit", async () => {
  await refused("late", "paused", 5_000);
  for (const [action, afterMs] of [
    ["event.pause", 1_000],
    ["event.pause", 4_000],
    ["event.pause", 9_000],
    ["event.end", 4_500],
  ] as const) {
    const atMs = OPENS_AT_MS + afterMs;
    await recordAudit(database.orm, { actor: "program", action, eventId: "launch", atMs });
  }
  await refused("never", "ended", 4_000);
  expect(await sentences("late")).toEqual([
    "refused once: paused at +5000: the event was paused 1.0 s earlier",
  ]);
  expect(await sentences("never")).toEqual(["refused once: ended at +4000"]);
});

test("refused first, and issued a coupon later", async () => {
  await refused("kim", "not_open", -100);
  expect(await sentences("kim")).toEqual([
    expect.stringContaining("refused once: not_open at +-100: 100 ms before"),
    expect.stringContaining("issued rank 1 at +0, 0 ms after"),
  ]);
});

test("what cannot be known is said", async () => {
  const member = { id: "off", email: "off@example.test", password: "long enough" };
  await createMember(database, member, "program");
  await database.client.execute("UPDATE users SET active = 0 WHERE id = 'off'");
  await refused(UNKEPT_MEMBER_ID, UNKEPT_OUTCOME, 1, 2);
  expect(await sentences("off")).toEqual([
    "the account is deactivated: since then its claims are refused unseen",
    "no claim of member off is known to have been decided",
    expect.stringContaining("not known: a claim that never arrived"),
    "2 decisions of this event were not kept, for want of room",
  ]);
  expect(historyJson(event, await history("off"))).toMatchObject({
    outcome: "unknown",
    account: "inactive",
    unkept: 2,
  });
});
