import { expect, test } from "bun:test";
import { join } from "node:path";
import { issuances } from "../../../schema/tables.ts";
import { eventDefinition } from "../../../test/support/event.ts";
import { eventWithWindow } from "../../../test/support/issuances.ts";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import { openDatabase } from "../database.ts";
import { addWindows, findEvent } from "../events/administration.ts";
import { insertMissing } from "../ledger/insert.ts";
import { pageOutbox } from "../ledger/outbox.ts";
import { eventStatistics, statisticsJson } from "./statistics.ts";

const OPENS_AT_MS = Date.parse("2026-11-22T10:00:00Z");

test("counts each window by itself, beyond one step, and says when quota and stock ran out", async () => {
  const database = await openDatabase(join(temporaryDirectory().path, "ledger.db"));
  await eventWithWindow(database, { id: "launch", name: "Launch", stock: 21_003 }, OPENS_AT_MS);
  const [second] = await addWindows(
    database,
    "launch",
    [{ opensAtMs: OPENS_AT_MS + 60_000, quota: 3 }],
    { nowMs: OPENS_AT_MS },
  );
  const event = await findEvent(database, "launch");
  if (event === undefined || second === undefined) throw new Error("the event is gone");
  const row = (rank: number, windowId: number, issuedAtMs: number) => ({
    eventId: "launch",
    rank,
    memberId: `m${rank}`,
    code: `c${rank}`,
    windowId,
    issuedAtMs,
  });
  // A thousand in the first second, then as many in every other: the first window's ranks.
  const first = Array.from({ length: 20_999 }, (_, index) =>
    row(index + 1, event.windows[0]?.id ?? 0, OPENS_AT_MS + 2_000 * Math.floor(index / 1_000) + 7),
  );
  const inSecond = [21_000, 21_001].map((rank) =>
    row(rank, second.id, second.opensAtMs + rank - 21_000),
  );
  await insertMissing(database.client, [...first, ...inSecond]);
  await database.orm.update(issuances).set({ status: "redeemed" });
  await database.client.execute("UPDATE issuances SET status = 'revoked' WHERE rank > 20998");
  const source = { database, undelivered: () => pageOutbox(database, "launch") };
  const before = statisticsJson(event, await eventStatistics(source, event));
  expect(before).toMatchObject({
    issued: 21_001,
    redeemed: 20_998,
    revoked: 3,
    undelivered: 0,
    peakPerSecond: 1_000,
    soldOutAt: null,
    soldOutAfterOpenMs: null,
  });
  expect(before.windows).toMatchObject([
    {
      issued: 20_999,
      revoked: 1,
      firstIssuedAt: "2026-11-22T10:00:00.007Z",
      lastIssuedAt: "2026-11-22T10:00:40.007Z",
      soldOutAfterMs: null,
    },
    { issued: 2, peakPerSecond: 2, quota: 3, soldOutAfterMs: null },
  ]);

  const last = [21_002, 21_003].map((rank) =>
    row(rank, second.id, second.opensAtMs + rank - 21_000),
  );
  await insertMissing(database.client, last);
  const after = statisticsJson(event, await eventStatistics(source, event));
  expect(after).toMatchObject({
    issued: 21_003,
    soldOutAt: "2026-11-22T10:01:00.003Z",
    soldOutAfterOpenMs: 60_003,
  });
  expect(after.windows.map(({ soldOutAfterMs }) => soldOutAfterMs)).toEqual([null, 3]);
  database.close();
});

test("an event that has issued nothing has nothing to tell", async () => {
  const database = await openDatabase(join(temporaryDirectory().path, "ledger.db"));
  const window = { id: 1, opensAtMs: 1, closesAtMs: 2, quota: null };
  const event = eventDefinition({ windows: [window] });
  const source = { database, undelivered: () => pageOutbox(database, event.id) };
  expect(await eventStatistics(source, event)).toMatchObject({
    issued: 0,
    firstIssuedAtMs: null,
    soldOutAtMs: null,
    windows: [{ issued: 0, lastIssuedAtMs: null, peakPerSecond: 0, soldOutAfterMs: null }],
  });
  database.close();
});
