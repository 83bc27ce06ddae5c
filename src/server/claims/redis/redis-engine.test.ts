import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import pino from "pino";
import { engineContract } from "../../../../test/engine/contract.ts";
import { startRedis, type TestRedis } from "../../../../test/support/redis.ts";
import { temporaryDirectory } from "../../../../test/support/temp.ts";
import { openDatabase } from "../../database.ts";
import { createEvent } from "../../events/administration.ts";
import type { EventDefinition } from "../../events/event.ts";
import { verifyEvent } from "../../ledger/verify.ts";
import { Writer } from "../../ledger/writer.ts";
import { EngineUnavailableError } from "../engine.ts";
import claimBatchLua from "./claim-batch.lua" with { type: "text" };
import { REFUSALS } from "./claim-reply.ts";
import { RedisConnection } from "./connection.ts";
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

engineContract(
  "redis engine",
  async () => {
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
  },
  { model: 60, crowds: 30 },
);

describe("redis engine alone", () => {
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

/** Tries again until Redis answers; the test's own time limit ends it. */
async function until(check: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await check();
    } catch {
      await Bun.sleep(20);
    }
  }
}
