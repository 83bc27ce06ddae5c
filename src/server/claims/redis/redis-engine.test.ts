import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import pino from "pino";
import { administrationContract } from "../../../../test/engine/administration-contract.ts";
import { type EngineHarness, engineContract } from "../../../../test/engine/contract.ts";
import { startRedis, type TestRedis } from "../../../../test/support/redis.ts";
import { temporaryDirectory } from "../../../../test/support/temp.ts";
import { type Database, openDatabase } from "../../database.ts";
import { createEvent } from "../../events/administration.ts";
import type { EventDefinition } from "../../events/event.ts";
import { deleteEvent } from "../../events/removal.ts";
import { StaleEntriesError } from "../../ledger/fence.ts";
import { insertMissing } from "../../ledger/insert.ts";
import { EventStream } from "../../ledger/stream.ts";
import { verifyEvent } from "../../ledger/verify.ts";
import { Writer } from "../../ledger/writer.ts";
import { codeForRank } from "../code.ts";
import { type ClaimDecision, EngineUnavailableError, type Grant } from "../engine.ts";
import claimBatchLua from "./claim-batch.lua" with { type: "text" };
import { REFUSALS } from "./claim-reply.ts";
import { RedisConnection } from "./connection.ts";
import { lowerStockInRedis } from "./consent.ts";
import { eventKeys } from "./keys.ts";
import { RedisEngine } from "./redis-engine.ts";

const silent = pino({ level: "silent" });

async function openEngine(redis: TestRedis) {
  const database = await openDatabase(join(temporaryDirectory().path, "ledger.db"));
  const connect = () => RedisConnection.open(redis.url, () => undefined);
  const connection = await connect();
  /** Runs a writer over one event until its stream is empty. */
  const drain = async (event: EventDefinition) => {
    const writer = new Writer({ connection, database, events: () => [event], log: silent });
    writer.start();
    expect(await writer.stop()).toBe(true);
  };
  return { database, connect, connection, drain };
}

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis({ persistence: "none" });
});
afterAll(() => redis.stop());

async function openHarness(): Promise<EngineHarness> {
  const { database, connect, connection, drain } = await openEngine(redis);
  let engine = new RedisEngine(await connect(), database);
  return {
    database,
    engine: () => engine,
    verify: async (event) => {
      await drain(event);
      return verifyEvent(database, event, connection.client);
    },
    restart: async () => {
      await engine.close();
      engine = new RedisEngine(await connect(), database);
    },
    close: async () => {
      await engine.close();
      connection.close();
      database.close();
    },
  };
}

engineContract("redis engine", openHarness, { model: 60, crowds: 30 });
administrationContract("redis engine", openHarness);

describe("redis engine alone", () => {
  test("a lower stock that never came to the database holds until the event is changed", async () => {
    const { database, connection } = await openEngine(redis);
    const engine = new RedisEngine(connection, database);
    const window = { id: 1, opensAtMs: 0, closesAtMs: Date.now() + 3_600_000, quota: null };
    const stored = await createEvent(database, { name: "half-way", stock: 10 });
    const event = { ...stored, windows: [window] };
    await engine.claim(event, ["a", "b"]);
    expect(await lowerStockInRedis(connection.client, { ...event, stock: 1 })).toBe(2);
    expect(await engine.claim(event, ["c"])).toMatchObject([{ outcome: "issued" }]);
    expect(await lowerStockInRedis(connection.client, { ...event, stock: 3 })).toBe(3);
    // Windows that are lost have the event defined anew, by the revision that Redis has.
    await connection.client.del(eventKeys(event.id).windows);
    await engine.prepare(event);
    expect(await engine.claim(event, ["d"])).toMatchObject([{ outcome: "sold_out" }]);
    const paused = { ...event, revision: event.revision + 1 };
    expect(await engine.claim(paused, ["d"])).toMatchObject([{ outcome: "issued" }]);
    await engine.close();
    database.close();
  });

  test("a deleted event leaves keys that go by themselves, and no stream that is taken away", async () => {
    const { database, connection } = await openEngine(redis);
    const engine = new RedisEngine(connection, database);
    const event = await createEvent(database, { name: "deleted" });
    const keys = eventKeys(event.id);
    await engine.prepare(event);
    await new EventStream(connection.client, event.id, "writer").readNew();
    await deleteEvent(database, event.id, "program", connection.client);
    const left = await connection.client.keys(`couponlive:{${event.id}}:*`);
    expect(left.sort()).toEqual([keys.state, keys.stream]);
    for (const key of left) expect(await connection.client.ttl(key)).toBeGreaterThan(0);
    await expect(engine.prepare(event)).rejects.toBeInstanceOf(EngineUnavailableError);
    await engine.prepare(await createEvent(database, { id: event.id, name: "again" }));
    expect(await connection.client.exists(keys.stream)).toBe(0);
    expect(await connection.client.ttl(keys.state)).toBe(-1);
    await engine.close();
    database.close();
  });

  test("the header of claim-batch.lua and the table of refusals agree", () => {
    const line = /^ +-1 .+$/m.exec(claimBatchLua)?.[0] ?? "";
    const stated = [...line.matchAll(/(-\d) ([a-z]+(?: [a-z]+)*)/g)].map(
      ([, result, words = ""]) => [result, words.replaceAll(" ", "_")],
    );
    expect(Object.fromEntries(stated)).toEqual(REFUSALS);
  });

  test("7, 8: a Redis that comes back with nothing is restored from the ledger before it decides", async () => {
    await using own = await startRedis({ persistence: "none" });
    const { database, connection, drain } = await openEngine(own);
    const engine = new RedisEngine(connection, database);
    const nowMs = Date.now();
    const window = { id: 7, opensAtMs: nowMs - 1e6, closesAtMs: nowMs + 1e6, quota: 4 };
    const event = { ...(await createEvent(database, { name: "lost" })), windows: [window] };
    const first = await engine.claim(event, ["a", "b", "c"]);
    await drain(event);
    await own.kill("SIGKILL");
    await expect(engine.claim(event, ["d"])).rejects.toBeInstanceOf(EngineUnavailableError);
    await own.restart();
    await until(() => engine.check());
    expect(await engine.claim(event, ["b", "d", "e"])).toMatchObject([
      { outcome: "already_issued", grant: first[1]?.outcome === "issued" ? first[1].grant : {} },
      { outcome: "issued", grant: { rank: 4 } },
      { outcome: "window_exhausted" },
    ]);
    await drain(event);
    const { checks } = await verifyEvent(database, event, connection.client);
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    await engine.close();
  });

  test("2, 8: what was read from the Redis that lost it never reaches the ledger", async () => {
    await using own = await startRedis({ persistence: "none" });
    const { database, connection, drain } = await openEngine(own);
    const engine = new RedisEngine(connection, database);
    const event = await openEvent(database);
    await engine.claim(event, ["a", "b", "c"]);
    const before = { eventId: event.id, instance: connection.instance };
    const [entry] = await new EventStream(connection.client, event.id, "slow").readNew();
    await own.kill("SIGKILL");
    await own.restart();
    await until(() => engine.check());
    const anew = await until(() => engine.claim(event, ["d", "a"]));
    expect(anew.map(({ outcome }) => outcome)).toEqual(["issued", "issued"]);
    const rows = (entry?.grants ?? []).map((grant) => ({
      eventId: event.id,
      code: codeForRank(event, grant.rank),
      ...grant,
    }));
    expect(rows.length).toBe(3);
    const late = insertMissing(database.client, rows, before);
    await expect(late).rejects.toBeInstanceOf(StaleEntriesError);
    await drain(event);
    const proof = await verifyEvent(database, event, connection.client);
    expect(proof.checks.filter((check) => !check.ok)).toEqual([]);
    expect(proof.issued).toBe(2);
    await engine.close();
  });

  for (const lost of ["state", "members", "windows"] as const) {
    for (const drained of [true, false]) {
      const where = drained ? "the ledger" : "the stream";
      test(`2, 8: when the ${lost} are lost, what ${where} holds is not issued twice`, async () => {
        const { database, connection, drain } = await openEngine(redis);
        const engine = new RedisEngine(connection, database);
        const event = await openEvent(database, 4);
        const first = await engine.claim(event, ["a", "b"]);
        if (drained) await drain(event);
        await connection.client.del(eventKeys(event.id)[lost]);
        const again = await engine.claim(event, ["b", "c", "a", "d", "e"]);
        expect(again.map(({ outcome }) => outcome)).toEqual([
          "already_issued",
          "issued",
          "already_issued",
          "issued",
          "window_exhausted",
        ]);
        expect(grantsOf(again)[0]).toEqual(grantsOf(first)[1]);
        expect(grantsOf(again).map((grant) => grant?.rank)).toEqual([2, 3, 1, 4, undefined]);
        await drain(event);
        const proof = await verifyEvent(database, event, connection.client);
        expect(proof.checks.filter((check) => !check.ok)).toEqual([]);
        await engine.close();
      });
    }
  }

  test("a damaged ledger with a gap does not keep Redis from deciding", async () => {
    const { database, connection } = await openEngine(redis);
    const engine = new RedisEngine(connection, database);
    const event = await openEvent(database);
    const code = codeForRank(event, 3);
    const row = { eventId: event.id, memberId: "c", rank: 3, code, windowId: 7, issuedAtMs: 1 };
    await insertMissing(database.client, [row]);
    const decisions = await engine.claim(event, ["c", "d"]);
    expect(grantsOf(decisions).map((grant) => grant?.rank)).toEqual([3, 4]);
    await engine.close();
  });

  test("an event of the same id in another database is refused, and told once", async () => {
    const { database, connection } = await openEngine(redis);
    const event = await openEvent(database);
    await new RedisEngine(connection, database).claim(event, ["a"]);
    const told: string[] = [];
    const engine = new RedisEngine(connection, database, (error) => told.push(error.message));
    const foreign = { ...event, codeKey: new Uint8Array(32).fill(7) };
    for (let attempt = 0; attempt < 2; attempt++) {
      const claimed = engine.claim(foreign, ["b"]);
      await expect(claimed).rejects.toBeInstanceOf(EngineUnavailableError);
      await expect(claimed).rejects.toThrow(`another database has an event ${event.id}`);
    }
    expect(told.length).toBe(1);
    expect(await connection.client.hlen(eventKeys(event.id).members)).toBe(1);
    await engine.close();
  });

  test("an event left for later is restored at its first look-up", async () => {
    const { database, connection, connect, drain } = await openEngine(redis);
    const event = await openEvent(database);
    await new RedisEngine(await connect(), database).claim(event, ["a"]);
    await drain(event);
    const code = codeForRank(event, 2);
    const row = { eventId: event.id, memberId: "b", rank: 2, code, windowId: 7, issuedAtMs: 1 };
    await insertMissing(database.client, [row]);
    const engine = new RedisEngine(connection, database);
    expect(await engine.find(event, "b")).toBeUndefined();
    await engine.restoreLater(event);
    expect(await new RedisEngine(connection, database).find(event, "b")).toMatchObject({ rank: 2 });
    await engine.close();
  });

  test("5, 7: an append-only Redis that is killed keeps what it had acknowledged", async () => {
    await using own = await startRedis({ persistence: "aof-always" });
    const { database, connection, drain } = await openEngine(own);
    const engine = new RedisEngine(connection, database);
    const nowMs = Date.now();
    const window = { id: 7, opensAtMs: nowMs - 1e6, closesAtMs: nowMs + 1e6, quota: null };
    const event = { ...(await createEvent(database, { name: "kept" })), windows: [window] };
    const members = Array.from({ length: 300 }, (_, index) => `m${index}`);
    const first = await engine.claim(event, members);
    await own.kill("SIGKILL");
    await own.restart();
    await until(() => engine.check());
    const again = await engine.claim(event, members);
    expect(again).toEqual(
      first.map((decision) => ({ ...decision, outcome: "already_issued" }) as typeof decision),
    );
    await drain(event);
    const proof = await verifyEvent(database, event, connection.client);
    expect(proof.checks.filter((check) => !check.ok)).toEqual([]);
    expect(proof.issued).toBe(300);
    await engine.close();
  });
});

/** An event with one open window. */
async function openEvent(
  database: Database,
  quota: number | null = null,
): Promise<EventDefinition> {
  const nowMs = Date.now();
  const window = { id: 7, opensAtMs: nowMs - 1e6, closesAtMs: nowMs + 1e6, quota };
  return { ...(await createEvent(database, { name: "test" })), windows: [window] };
}

function grantsOf(decisions: readonly ClaimDecision[]): (Grant | undefined)[] {
  return decisions.map((decision) => ("grant" in decision ? decision.grant : undefined));
}

/** Tries again until Redis answers; the test's own time limit ends it. */
async function until<T>(check: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await check();
    } catch {
      await Bun.sleep(20);
    }
  }
}
