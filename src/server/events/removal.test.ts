import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { coupons, deciders, issuances, windows } from "../../../schema/tables.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../../test/support/temp.ts";
import { readAudit } from "../audit.ts";
import { type Database, openDatabase } from "../database.ts";
import { appendToOutbox } from "../ledger/outbox.ts";
import { addWindows, createEvent, listEvents } from "./administration.ts";
import { Catalogue } from "./catalogue.ts";
import { deleteEvent } from "./removal.ts";
import { restockEvent } from "./stock.ts";

const NOW_MS = Date.UTC(2026, 11, 1, 9);
const HOUR_MS = 3_600_000;

let folder: TemporaryDirectory;
let database: Database;
beforeEach(async () => {
  folder = temporaryDirectory();
  database = await openDatabase(join(folder.path, "test.db"));
});
afterEach(() => {
  database.close();
  folder.remove();
});

describe("deleteEvent", () => {
  test("leaves nothing of the event but its audit, and others alone", async () => {
    const other = await createEvent(database, { id: "other", name: "Other" });
    await createEvent(database, { id: "summer", name: "Summer" });
    await addWindows(database, "summer", [{ opensAtMs: NOW_MS }], { nowMs: NOW_MS });
    const catalogue = await Catalogue.open(database, { pollIntervalMs: HOUR_MS });
    await deleteEvent(database, "summer", "member:kim");
    await catalogue.refresh();
    expect(catalogue.list()).toEqual([other]);
    expect(await listEvents(database)).toEqual([other]);
    for (const table of [coupons, windows]) {
      const rows = await database.orm.select({ eventId: table.eventId }).from(table);
      expect(rows.filter((row) => row.eventId === "summer")).toEqual([]);
    }
    const log = await readAudit(database, "summer", { limit: 9 });
    expect(log.map((entry) => [entry.actor, entry.action])).toEqual([
      ["member:kim", "event.delete"],
      ["program", "event.schedule"],
      ["program", "event.create"],
    ]);
    await catalogue.close();
  });

  test("refuses an event that has issued, in the ledger or in the outbox, and one that is not there", async () => {
    const remove = () => deleteEvent(database, "summer");
    await expect(remove()).rejects.toMatchObject({ code: "unknown_event" });
    await createEvent(database, { id: "summer", name: "Summer" });
    await appendToOutbox(database, '[["summer",1,"member","CODE",1,1]]', [["summer", 1]]);
    await expect(remove()).rejects.toMatchObject({ code: "has_issued" });
    await database.client.execute("DELETE FROM outbox");
    const row = { rank: 1, userId: "member", code: "CODE", windowId: 1, issuedAtMs: 1 };
    await database.orm.insert(issuances).values({ eventId: "summer", ...row });
    await expect(remove()).rejects.toMatchObject({ code: "has_issued" });
  });
});

test("what a Redis must agree to is refused where it is not named", async () => {
  await createEvent(database, { id: "summer", name: "Summer", stock: 10 });
  await database.orm.insert(deciders).values({ id: 1, name: "some Redis", seenAtMs: 1 });
  const lower = () => restockEvent(database, "summer", 9);
  await expect(lower()).rejects.toThrow("only it knows what is issued: name it with --redis");
  await expect(deleteEvent(database, "summer")).rejects.toMatchObject({ code: "redis_needed" });
  expect((await restockEvent(database, "summer", 11)).stock).toBe(11);
  // Of two that are asked for at once, the second lowers what the first has raised.
  const atOnce = [30, 20].map((stock) => restockEvent(database, "summer", stock));
  expect(await Promise.allSettled(atOnce)).toMatchObject([
    { status: "fulfilled", value: { stock: 30 } },
    { status: "rejected", reason: { code: "redis_needed" } },
  ]);
});
