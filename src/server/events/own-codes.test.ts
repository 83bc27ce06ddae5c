import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { issuances } from "../../../schema/tables.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../../test/support/temp.ts";
import { readAudit } from "../audit.ts";
import { codeForRank } from "../claims/code.ts";
import { type Database, openDatabase } from "../database.ts";
import { verifyEvent } from "../ledger/verify.ts";
import { addWindows, createEvent, findEvent, pauseEvent } from "./administration.ts";
import { amendEvent } from "./amendment.ts";
import { Catalogue } from "./catalogue.ts";
import { EventError } from "./event-error.ts";
import { importCodes } from "./own-codes.ts";
import { restockEvent } from "./stock.ts";

const NOW_MS = Date.UTC(2026, 11, 1, 9);
const HOUR_MS = 3_600_000;

let folder: TemporaryDirectory;
let database: Database;
beforeEach(async () => {
  folder = temporaryDirectory();
  database = await openDatabase(join(folder.path, "test.db"));
  await createEvent(database, { id: "own", name: "Own", stock: 3 });
});
afterEach(() => {
  database.close();
  folder.remove();
});

async function bring(text: string, nowMs = NOW_MS, eventId = "own"): Promise<unknown> {
  return await importCodes(database, eventId, text, { nowMs }).catch((error: unknown) =>
    error instanceof EventError ? `${error.code}: ${error.message}` : error,
  );
}

test("a file's codes are the event's, in its order, whatever its line breaks", async () => {
  const catalogue = await Catalogue.open(database, { pollIntervalMs: HOUR_MS });
  expect(await bring("\uFEFFAAAA\r\n bbbb \r\nC-1.x_\r\n")).toBe(3);
  await catalogue.refresh();
  const event = catalogue.get("own");
  if (event === undefined) throw new Error("the event is gone");
  expect([1, 2, 3].map((rank) => codeForRank(event, rank))).toEqual(["AAAA", "bbbb", "C-1.x_"]);
  expect(await readAudit(database, "own", { limit: 1 })).toMatchObject([
    { action: "event.import-codes", details: '{"codes":3}' },
  ]);

  // A change of something else keeps them; another import takes their place.
  await pauseEvent(database, "own");
  await catalogue.refresh();
  expect(catalogue.get("own")).toMatchObject({ paused: true });
  expect(catalogue.get("own")?.importedCodes).toBe(event.importedCodes);
  expect(await bring("DDDD\nEEEE\nAAAA")).toBe(3);
  await catalogue.refresh();
  expect(catalogue.get("own")?.importedCodes).toEqual(["DDDD", "EEEE", "AAAA"]);
  await catalogue.close();
});

test("a server has turns for claims while many are brought", async () => {
  const codes = Array.from({ length: 10_000 }, (_, index) => `CODE-${index}`);
  await createEvent(database, { id: "many", name: "Many", stock: codes.length });
  let turns = 0;
  const turning = setInterval(() => turns++, 0);
  expect(await bring(codes.join("\n"), NOW_MS, "many")).toBe(codes.length);
  clearInterval(turning);
  expect(turns).toBeGreaterThan(4);
});

describe("refused as a whole", () => {
  test.each([
    [
      "AAAA\nBBBB",
      "invalid_codes: event own needs one code for each of its 3 coupons, and 2 are given: 1 too few",
    ],
    [
      "AAAA\nBBBB\nCCCC\nDDDD",
      "invalid_codes: event own needs one code for each of its 3 coupons, and 4 are given: 1 too many",
    ],
    ["AAAA\n\nCCCC", "invalid_codes: line 2: a code has 4 to 64"],
    ["AAA\nB B B\n=CCC", "invalid_codes: lines 1, 2 and 3: a code has 4 to 64"],
    ["AAAA\nBBBB\nAAAA", "invalid_codes: line 3: the code stands on an earlier line already"],
    ["", "invalid_codes: event own needs one code"],
    ["-\n".repeat(9), "invalid_codes: lines 1, 2, 3, 4, 5 and 4 more: a code"],
  ])("%j", async (text, message) => {
    expect(await bring(text)).toStartWith(message);
    expect(await findEvent(database, "own")).toMatchObject({ codesImported: false, revision: 1 });
  });

  test("codes that are another event's, or that it may make", async () => {
    await createEvent(database, { id: "other", name: "Other", stock: 1 });
    await createEvent(database, { id: "prefixed", name: "Prefixed", codePrefix: "may" });
    await bring("TAKEN", NOW_MS, "other");
    const issued = { rank: 1, userId: "m", code: "ISSUED", windowId: 1, issuedAtMs: 1 };
    await database.orm.insert(issuances).values({ eventId: "other", ...issued });
    expect(await bring("TAKEN\nISSUED\nMAY-1234")).toBe(
      "code_taken: lines 1, 2 and 3: the code is another event's",
    );
    // And the other way round: a prefix under which codes were brought.
    await bring("JUNE-1\nJUNE-2\nJULY");
    const june = createEvent(database, { name: "June", codePrefix: "JUNE" });
    await expect(june).rejects.toThrow("event own brought codes that begin with JUNE-");
    await createEvent(database, { name: "July", codePrefix: "JULY" });
  });

  test("once the first window has begun, or is about to", async () => {
    const opensAtMs = NOW_MS + HOUR_MS;
    await addWindows(database, "own", [{ opensAtMs }], { nowMs: NOW_MS });
    expect(await bring("AAAA\nBBBB\nCCCC", opensAtMs - 4_000)).toStartWith("window_begun: ");
    expect(await bring("AAAA\nBBBB\nCCCC", opensAtMs - 5_000)).toBe(3);
  });
});

test("the stock may not grow beyond the codes, whose form is not ours to set", async () => {
  await bring("AAAA\nBBBB\nCCCC");
  expect((await restockEvent(database, "own", 2)).stock).toBe(2);
  expect((await restockEvent(database, "own", 3)).stock).toBe(3);
  await expect(restockEvent(database, "own", 4)).rejects.toThrow(
    "event own brought 3 codes: its stock cannot be 4",
  );
  const longer = amendEvent(database, "own", { codeLength: 20 }, { nowMs: NOW_MS });
  await expect(longer).rejects.toThrow("brought its own codes");
});

test("verify compares the ledger with the codes that were brought", async () => {
  await bring("AAAA\nBBBB\nCCCC");
  const event = await findEvent(database, "own");
  if (event === undefined) throw new Error("the event is gone");
  const trueCodes = async () =>
    (await verifyEvent(database, event)).checks.find((check) => check.id === "true-codes");
  const row = { eventId: "own", windowId: 1, issuedAtMs: 1 };
  await database.orm.insert(issuances).values({ ...row, rank: 1, userId: "a", code: "AAAA" });
  expect(await trueCodes()).toMatchObject({
    ok: true,
    summary: "every code is the imported one of its rank",
  });
  await database.orm.insert(issuances).values({ ...row, rank: 2, userId: "b", code: "CCCC" });
  expect(await trueCodes()).toMatchObject({ ok: false, counterExamples: ["rank 2"] });
});
