import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { readAudit, recordAudit } from "./audit.ts";
import { openDatabase } from "./database.ts";

test("entries are read a page at a time, the newest first, and only those of the event", async () => {
  using folder = temporaryDirectory();
  const database = await openDatabase(join(folder.path, "test.db"));
  for (const atMs of [1, 2, 3]) {
    await recordAudit(database.orm, {
      actor: "cli:root",
      action: "event.restock",
      eventId: "summer",
      details: { stock: atMs },
      atMs,
    });
    await recordAudit(database.orm, {
      actor: "member:7",
      action: "issuance.revoke",
      eventId: "other",
      subject: "rank 1",
      atMs,
    });
  }
  const page = await readAudit(database, "summer", { limit: 2 });
  expect(page).toMatchObject([
    { atMs: 3, actor: "cli:root", action: "event.restock", subject: null, details: '{"stock":3}' },
    { atMs: 2 },
  ]);
  expect(await readAudit(database, "summer", { beforeId: page[1]?.id, limit: 2 })).toMatchObject([
    { atMs: 1 },
  ]);
  expect(await readAudit(database, "other", { limit: 1 })).toMatchObject([
    { subject: "rank 1", details: "{}" },
  ]);
  expect(await readAudit(database, "nowhere", { limit: 1 })).toEqual([]);
  database.close();
});

test("an entry goes with the change that fails", async () => {
  using folder = temporaryDirectory();
  const database = await openDatabase(join(folder.path, "test.db"));
  const failing = database.orm.transaction(async (transaction) => {
    const entry = { actor: "program", action: "event.end", eventId: "summer", atMs: 1 } as const;
    await recordAudit(transaction, entry);
    throw new Error("refused");
  });
  await expect(failing).rejects.toThrow("refused");
  expect(await readAudit(database, "summer", { limit: 1 })).toEqual([]);
  database.close();
});
