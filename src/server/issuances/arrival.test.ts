import { expect, test } from "bun:test";
import { join } from "node:path";
import { events, importedCodes } from "../../../schema/tables.ts";
import { eventWithWindow, issueTo } from "../../../test/support/issuances.ts";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import { openDatabase } from "../database.ts";
import { findEvent } from "../events/administration.ts";
import { findIssuance } from "./arrival.ts";

const OPENS_AT_MS = Date.parse("2026-11-22T10:00:00Z");

test("a coupon with a code of the event's own is found while it waits, by any of its names", async () => {
  const database = await openDatabase(join(temporaryDirectory().path, "ledger.db"));
  await eventWithWindow(database, { id: "own", name: "Own", stock: 2 }, OPENS_AT_MS);
  const codes = ["WELCOME-A", "welcome-b"];
  await database.orm
    .insert(importedCodes)
    .values(codes.map((code, index) => ({ eventId: "own", rank: index + 1, code })));
  await database.orm.update(events).set({ codesImported: true });
  // As the command line has it: without its codes in memory.
  const event = await findEvent(database, "own");
  if (event === undefined) throw new Error("the event is gone");
  const source = {
    database,
    async *undelivered() {
      yield [1, 2].map((rank) => ({
        memberId: `m${rank}`,
        rank,
        windowId: 1,
        issuedAtMs: OPENS_AT_MS,
      }));
    },
  };
  for (const selector of [
    { by: "code", code: "welcome-b" },
    { by: "rank", rank: 2 },
    { by: "member", memberId: "m2" },
  ] as const) {
    expect(await findIssuance(source, event, selector)).toMatchObject({
      issuance: { memberId: "m2", rank: 2, code: "welcome-b", status: "issued" },
      inLedger: false,
    });
  }
  const inCapitals = await findIssuance(source, event, { by: "code", code: "welcome-a" });
  expect(inCapitals?.issuance.code).toBe("WELCOME-A");
  expect(await findIssuance(source, event, { by: "code", code: "WELCOME-B" })).toBeUndefined();
  database.close();
});

test("what arrives in the ledger while the rest is searched is found there", async () => {
  const database = await openDatabase(join(temporaryDirectory().path, "ledger.db"));
  const event = await eventWithWindow(database, { id: "e", name: "E", stock: 2 }, OPENS_AT_MS);
  const source = {
    database,
    async *undelivered() {
      await issueTo(database, event, ["kim"]);
      yield [];
    },
  };
  expect(await findIssuance(source, event, { by: "member", memberId: "kim" })).toMatchObject({
    issuance: { rank: 1 },
    inLedger: true,
  });
  expect(await findIssuance(source, event, { by: "rank", rank: 2 })).toBeUndefined();
  database.close();
});
