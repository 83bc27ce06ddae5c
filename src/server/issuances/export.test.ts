import { expect, test } from "bun:test";
import { join } from "node:path";
import { eventWithWindow, issueTo } from "../../../test/support/issuances.ts";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import { openDatabase } from "../database.ts";
import { exportIssuances } from "./export.ts";

test("comes in pieces that are each made in a moment, whole and in order", async () => {
  const database = await openDatabase(join(temporaryDirectory().path, "ledger.db"));
  const members = Array.from({ length: 1_250 }, (_, index) => `m${index + 1}`);
  const event = await eventWithWindow(database, { name: "many", stock: 2_000 }, Date.now());
  await issueTo(database, event, members);
  const ranks: unknown[] = [];
  const pieces: number[] = [];
  for await (const { text, rows } of exportIssuances(database, event, "ndjson")) {
    pieces.push(rows);
    for (const line of text.trim().split("\n")) ranks.push(JSON.parse(line).rank);
  }
  expect(ranks).toEqual(members.map((_, index) => index + 1));
  expect(pieces).toEqual([500, 1_000, 1_250]);
  database.close();
});
