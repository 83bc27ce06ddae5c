/**
 * What administrators may rely on, whatever engine decides: changes that forbid to issue more hold
 * from the moment they are made, also where the engine has not heard of them.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Redis } from "ioredis";
import { deciders } from "../../schema/tables.ts";
import { type ClaimEngine, EngineUnavailableError } from "../../src/server/claims/engine.ts";
import type { Database } from "../../src/server/database.ts";
import { redisDataset } from "../../src/server/decider.ts";
import { addWindows, createEvent, findEvent } from "../../src/server/events/administration.ts";
import type { EventDefinition } from "../../src/server/events/event.ts";
import { EventError } from "../../src/server/events/event-error.ts";
import { withImportedCodes } from "../../src/server/events/imported-codes.ts";
import { importCodes } from "../../src/server/events/own-codes.ts";
import { deleteEvent } from "../../src/server/events/removal.ts";
import { restockEvent } from "../../src/server/events/stock.ts";
import type { EngineHarness } from "./contract.ts";

export function administrationContract(
  name: string,
  openHarness: () => Promise<EngineHarness>,
): void {
  describe(`${name} under administration`, () => {
    let harness: EngineHarness;
    let database: Database;
    let redis: Redis | undefined;
    beforeAll(async () => {
      harness = await openHarness();
      database = harness.database;
      redis = harness.engine().redis;
      if (redis === undefined) return;
      // As its server would.
      const decider = { id: 1, name: await redisDataset(redis), seenAtMs: Date.now() };
      await database.orm.insert(deciders).values(decider);
    });
    afterAll(() => harness.close());

    const claim = async (event: EventDefinition, ...members: string[]) =>
      await harness.engine().claim(event, members);
    const restock = async (event: EventDefinition, stock: number) =>
      await restockEvent(database, event.id, stock, "program", redis).then(() => "done", refusal);
    const openEvent = async (stock: number, id?: string): Promise<EventDefinition> => {
      const event = await createEvent(database, { id, name: "contract", stock });
      const nowMs = Date.now();
      await addWindows(database, event.id, [{ opensAtMs: nowMs }], { nowMs });
      return await stored(database, event.id);
    };
    const expectProof = async (event: EventDefinition) => {
      const { checks } = await harness.verify(event);
      expect(checks.filter((check) => !check.ok)).toEqual([]);
    };

    test("1: a lowered stock is never exceeded by an engine that has not heard of it", async () => {
      const event = await openEvent(1_000);
      const crowd = Array.from({ length: 60 }, (_, number) => claim(event, `crowd-${number}`));
      // Refused or not, by how far the crowd has come: it must hold either way.
      const lowered = await restock(event, 30);
      await Promise.allSettled(crowd);
      await recovered(harness.engine());
      await claim(event, "one at least").catch(() => []);
      await recovered(harness.engine());
      const { issued } = await harness.engine().status(event);
      if (lowered === "done") expect(issued).toBeLessThanOrEqual(30);

      expect(await restock(event, issued - 1)).toBe("stock_below_issued");
      expect(await restock(event, issued)).toBe("done");
      const [late] = await claim(event, "late").catch(() => []);
      expect(late?.outcome).not.toBe("issued");
      await recovered(harness.engine());
      const soldOut = await stored(database, event.id);
      expect(await claim(soldOut, "later")).toMatchObject([{ outcome: "sold_out" }]);
      await expectProof(soldOut);

      expect(await restock(event, issued + 1)).toBe("done");
      const restocked = await stored(database, event.id);
      expect(await claim(restocked, "later")).toMatchObject([{ outcome: "issued" }]);
      await expectProof(restocked);
    });

    test("codes of an event's own reach the ledger, and no rank is issued without one", async () => {
      const { id } = await createEvent(database, { name: "own codes", stock: 2 });
      const nowMs = Date.now();
      await importCodes(database, id, "FIRST\nSECOND\n", { nowMs });
      await addWindows(database, id, [{ opensAtMs: nowMs }], { nowMs });
      const event = await withImportedCodes(database, await stored(database, id));
      const given = { ...event, returned: 1 };
      expect(await claim(given, "a", "b", "c")).toMatchObject([
        { outcome: "issued", grant: { rank: 1 } },
        { outcome: "issued", grant: { rank: 2 } },
        { outcome: "sold_out" },
      ]);
      await expectProof(event);
      const codes = await database.client.execute({
        sql: "SELECT code FROM issuances WHERE event_id = ? ORDER BY rank",
        args: [id],
      });
      expect(codes.rows.map((row) => row["code"])).toEqual(["FIRST", "SECOND"]);
    });

    test("a deleted event issues nothing to whoever has not heard of it; its id is free again", async () => {
      const event = await openEvent(5);
      await harness.engine().prepare(event);
      await deleteEvent(database, event.id, "program", redis);
      await expect(claim(event, "late")).rejects.toBeInstanceOf(EngineUnavailableError);
      await recovered(harness.engine());

      const again = await openEvent(5, event.id);
      expect(await claim(again, "first")).toMatchObject([
        { outcome: "issued", grant: { rank: 1 } },
      ]);
      await expectProof(again);
      const deleting = deleteEvent(database, event.id, "program", redis);
      expect(await deleting.then(() => "done", refusal)).toBe("has_issued");
    });
  });
}

async function stored(database: Database, eventId: string): Promise<EventDefinition> {
  const event = await findEvent(database, eventId);
  if (event === undefined) throw new Error("the event is gone");
  return event;
}

/** The code with which an administrator's request was refused. */
function refusal(error: unknown): string {
  if (error instanceof EventError) return error.code;
  throw error;
}

/** An embedded engine whose commit was refused needs a moment. */
async function recovered(engine: ClaimEngine): Promise<void> {
  const isReady = () =>
    engine.check().then(
      () => true,
      () => false,
    );
  while (!(await isReady())) await Bun.sleep(20);
}
