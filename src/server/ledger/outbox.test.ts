import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import { openDatabase } from "../database.ts";
import { createEvent } from "../events/administration.ts";
import { encodeRows, insertMissing } from "./insert.ts";
import {
  appendToOutbox,
  countOutbox,
  moveOneToLedger,
  moveToLedger,
  oldestInOutboxAtMs,
  pageOutbox,
  readOutbox,
} from "./outbox.ts";

async function emptyLedger() {
  const path = join(temporaryDirectory().path, "ledger.db");
  const database = await openDatabase(path);
  const { id } = await createEvent(database, { name: "outbox" });
  const rows = (...ranks: number[]) =>
    ranks.map((rank) => ({
      eventId: id,
      rank,
      memberId: `m${rank}`,
      code: `code-${rank}`,
      windowId: 1,
      issuedAtMs: 5,
    }));
  const ledgerRanks = async () => {
    const found = await database.client.execute("SELECT rank FROM issuances ORDER BY rank");
    return found.rows.map((row) => Number(row["rank"]));
  };
  return { path, database, eventId: id, rows, ledgerRanks };
}

describe("outbox", () => {
  test("moves what was appended, in order, and is empty then", async () => {
    const { database, eventId, rows, ledgerRanks } = await emptyLedger();
    await appendToOutbox(database, encodeRows(rows(1, 2)), []);
    await appendToOutbox(database, encodeRows(rows(3)), []);
    expect(await countOutbox(database, eventId)).toBe(3);
    expect((await readOutbox(database, eventId)).map((grant) => grant.rank)).toEqual([1, 2, 3]);
    expect(await countOutbox(database, "another")).toBe(0);
    expect(await oldestInOutboxAtMs(database)).toBe(5);
    expect(await moveToLedger(database)).toEqual({ taken: 3, refusedIds: [] });
    expect(await ledgerRanks()).toEqual([1, 2, 3]);
    expect(await moveToLedger(database)).toEqual({ taken: 0, refusedIds: [] });
    expect(await countOutbox(database, eventId)).toBe(0);
    expect(await oldestInOutboxAtMs(database)).toBeNull();
  });

  test("one issuance goes ahead of the others, once, and they follow", async () => {
    const { database, eventId, rows, ledgerRanks } = await emptyLedger();
    await appendToOutbox(database, encodeRows(rows(1, 2, 3)), []);
    await appendToOutbox(database, encodeRows(rows(4)), []);
    const waiting = async () => {
      const pages = await Array.fromAsync(pageOutbox(database, eventId));
      return pages.flat().map((grant) => grant.rank);
    };
    for (const rank of [2, 4, 2, 9]) await moveOneToLedger(database, eventId, rank);
    await moveOneToLedger(database, "another", 1);
    expect(await ledgerRanks()).toEqual([2, 4]);
    expect(await waiting()).toEqual([1, 3]);
    expect(await moveToLedger(database)).toEqual({ taken: 2, refusedIds: [] });
    expect(await ledgerRanks()).toEqual([1, 2, 3, 4]);
    expect(await waiting()).toEqual([]);
  });

  test("moves in steps of about a thousand, and a larger commit by itself", async () => {
    const { database, rows, ledgerRanks } = await emptyLedger();
    const range = (first: number, last: number) =>
      rows(...Array.from({ length: last - first + 1 }, (_, index) => first + index));
    await appendToOutbox(database, encodeRows(range(1, 1_500)), []);
    await appendToOutbox(database, encodeRows(range(1_501, 2_200)), []);
    await appendToOutbox(database, encodeRows(range(2_201, 2_500)), []);
    await appendToOutbox(database, encodeRows(range(2_501, 2_501)), []);
    const steps: number[] = [];
    for (
      let move = await moveToLedger(database);
      move.taken > 0;
      move = await moveToLedger(database)
    )
      steps.push(move.taken);
    expect(steps).toEqual([1_500, 1_000, 1]);
    expect(await ledgerRanks()).toHaveLength(2_501);
  });

  test("keeps what the ledger contradicts, and moves the rest", async () => {
    const { database, eventId, rows, ledgerRanks } = await emptyLedger();
    await insertMissing(
      database.client,
      rows(2).map((row) => ({ ...row, memberId: "intruder" })),
    );
    for (const rank of [1, 2, 3]) await appendToOutbox(database, encodeRows(rows(rank)), []);
    expect(await moveToLedger(database)).toEqual({ taken: 3, refusedIds: [2] });
    expect(await ledgerRanks()).toEqual([1, 2, 3]);
    expect(await readOutbox(database, eventId)).toMatchObject([{ rank: 2, memberId: "m2" }]);
    expect(await moveToLedger(database)).toEqual({ taken: 0, refusedIds: [] });
  });

  test("5: what is appended after another process held the lock too long is really committed", async () => {
    const { path, database, eventId, rows, ledgerRanks } = await emptyLedger();
    const impatient = { ...database, client: createClient({ url: database.url, timeout: 20 }) };
    const holder = await openDatabase(path);
    const lock = await holder.client.transaction("write");
    await expect(appendToOutbox(impatient, encodeRows(rows(1)), [])).rejects.toThrow("SQLITE_BUSY");
    await expect(moveToLedger(impatient)).resolves.toMatchObject({ taken: 0 });
    lock.close();
    for (const rank of [1, 2]) await appendToOutbox(impatient, encodeRows(rows(rank)), []);
    expect(await countOutbox(holder, eventId)).toBe(2);

    const secondLock = await holder.client.transaction("write");
    await expect(moveToLedger(impatient)).rejects.toThrow("SQLITE_BUSY");
    secondLock.close();
    await moveToLedger(impatient);
    expect(await countOutbox(holder, eventId)).toBe(0);
    expect(await ledgerRanks()).toEqual([1, 2]);
    impatient.client.close();
  });
});
