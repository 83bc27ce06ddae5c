import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import pino from "pino";
import { startRedis, type TestRedis } from "../../../test/support/redis.ts";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import { codeForRank } from "../claims/code.ts";
import { RedisConnection } from "../claims/redis/connection.ts";
import { eventKeys } from "../claims/redis/keys.ts";
import { RedisEngine } from "../claims/redis/redis-engine.ts";
import { openDatabase } from "../database.ts";
import { createEvent } from "../events/administration.ts";
import { insertMissing } from "./insert.ts";
import { verifyEvent } from "./verify.ts";
import { DEFAULT_WRITER_LIMITS, Writer } from "./writer.ts";

let redis: TestRedis;
let connection: RedisConnection;
beforeAll(async () => {
  redis = await startRedis({ persistence: "none" });
  connection = await RedisConnection.open(redis.url, () => undefined);
});
afterAll(async () => {
  connection.close();
  await redis.stop();
});

/** An event of which Redis has issued `issued` coupons, in batches of 10, and the ledger none. */
async function decided(issued: number) {
  const path = join(temporaryDirectory().path, "ledger.db");
  const database = await openDatabase(path);
  const nowMs = Date.now();
  const window = { id: 1, opensAtMs: nowMs - 1e6, closesAtMs: nowMs + 1e6, quota: null };
  const event = { ...(await createEvent(database, { name: "writer" })), windows: [window] };
  const engine = new RedisEngine(connection, database);
  for (let first = 1; first <= issued; first += 10) {
    const count = Math.min(10, issued - first + 1);
    await engine.claim(
      event,
      Array.from({ length: count }, (_, index) => `m${first + index}`),
    );
  }
  const logged: string[] = [];
  const log = pino({}, { write: (line: string) => logged.push(line) });
  const openWriter = (limits = {}) =>
    new Writer({
      connection,
      database,
      events: () => [event],
      log,
      limits: { ...DEFAULT_WRITER_LIMITS, ...limits },
    });
  const { stream, contradictions } = eventKeys(event.id);
  const proof = async () => {
    const { checks } = await verifyEvent(database, event, connection.client);
    return checks.filter((check) => !check.ok).map((check) => check.id);
  };
  return { path, database, event, logged, openWriter, stream, contradictions, proof };
}

describe("the writer", () => {
  test("7: brings everything to the ledger and empties the stream before it stops", async () => {
    const { openWriter, stream, proof } = await decided(205);
    expect(await proof()).toContain("drained");
    const writer = openWriter();
    writer.start();
    expect(await writer.stop()).toBe(true);
    expect(await proof()).toEqual([]);
    expect(await connection.client.xinfo("CONSUMERS", stream, "ledger")).toEqual([]);
  });

  test("takes over what a dead writer had read and not acknowledged", async () => {
    const { openWriter, stream, logged, proof } = await decided(35);
    const { client } = connection;
    await client.xgroup("CREATE", stream, "ledger", "0");
    const read = ["GROUP", "ledger", "dead", "COUNT", 2, "STREAMS", stream, ">"] as const;
    await client.xreadgroup(...read);
    const writer = openWriter({ takeOverIdleMs: 1, takeOverIntervalMs: 1 });
    writer.start();
    while ((await client.xlen(stream)) > 0) await Bun.sleep(5);
    await writer.stop();
    expect(logged.join()).toContain("taking over entries");
    expect(await proof()).toEqual([]);
  });

  test("leaves alone what a writer had committed before it died without acknowledging", async () => {
    const { database, event, openWriter, proof, logged } = await decided(20);
    const issuedAt = await grantTimes(event.id);
    const rows = [...issuedAt].slice(0, 12).map(([memberId, issuedAtMs]) => {
      const rank = Number(memberId.slice(1));
      const code = codeForRank(event, rank);
      return { eventId: event.id, rank, memberId, code, windowId: 1, issuedAtMs };
    });
    await insertMissing(database.client, rows);
    const writer = openWriter();
    writer.start();
    expect(await writer.stop()).toBe(true);
    expect(await proof()).toEqual([]);
    expect(logged).toEqual([]);
  });

  test("is loud about what contradicts the ledger, keeps it aside, and goes on", async () => {
    const { database, event, openWriter, contradictions, proof, logged } = await decided(20);
    const intruder = {
      eventId: event.id,
      rank: 3,
      memberId: "intruder",
      code: codeForRank(event, 3),
      windowId: 1,
      issuedAtMs: Date.now(),
    };
    await insertMissing(database.client, [intruder]);
    const writer = openWriter();
    writer.start();
    expect(await writer.stop()).toBe(true);
    expect(await connection.client.xlen(contradictions)).toBe(1);
    expect(logged.join()).toContain("the ledger contradicts Redis");
    expect(logged.join()).not.toContain(intruder.code);
    expect(await proof()).toEqual(["redis-in-ledger", "ledger-in-redis", "no-contradiction"]);
  });

  test("puts an entry that cannot be read aside, and goes on", async () => {
    const { openWriter, stream, contradictions, proof, logged } = await decided(5);
    await connection.client.xadd(stream, "*", "r", "6", "w", "1", "t", "x", "m", "[oops");
    const writer = openWriter();
    writer.start();
    expect(await writer.stop()).toBe(true);
    expect(await connection.client.xlen(contradictions)).toBe(1);
    expect(logged.join()).toContain("the ledger contradicts Redis");
    expect(await proof()).toEqual(["no-contradiction"]);
  });

  test("goes on after a ledger that failed, with what it had read", async () => {
    const { database, openWriter, stream, proof, logged } = await decided(30);
    await database.client.execute("ALTER TABLE issuances RENAME TO hidden");
    const writer = openWriter({ retryDelayMs: 5 });
    writer.start();
    while (logged.length === 0) await Bun.sleep(5);
    await database.client.execute("ALTER TABLE hidden RENAME TO issuances");
    while ((await connection.client.xlen(stream)) > 0) await Bun.sleep(5);
    await writer.stop();
    expect(await proof()).toEqual([]);
  });

  test("says once that the ledger fails, and once that it goes on", async () => {
    const { database, openWriter, stream, logged } = await decided(30);
    await database.client.execute("ALTER TABLE issuances RENAME TO hidden");
    let attempts = 0;
    const reconnect = database.client.reconnect.bind(database.client);
    database.client.reconnect = () => {
      attempts++;
      return reconnect();
    };
    const writer = openWriter({ retryDelayMs: 1 });
    writer.start();
    while (attempts < 5) await Bun.sleep(5);
    await database.client.execute("ALTER TABLE hidden RENAME TO issuances");
    while ((await connection.client.xlen(stream)) > 0) await Bun.sleep(5);
    await writer.stop();
    const messages = logged.map((line) => /"msg":"([^"]*)"/.exec(line)?.[1]);
    expect(messages).toEqual(["the writer must retry", "the writer goes on"]);
  });

  test("5: what it commits after a locked ledger is seen by others", async () => {
    const { path, database, openWriter, stream, logged } = await decided(30);
    const other = await openDatabase(path);
    await database.client.execute("PRAGMA busy_timeout = 1");
    const lock = await other.client.transaction("write");
    const writer = openWriter();
    writer.start();
    while (logged.length === 0) await Bun.sleep(1);
    await lock.rollback();
    expect(logged.join()).toContain("SQLITE_BUSY");
    while ((await connection.client.xlen(stream)) > 0) await Bun.sleep(5);
    const counted = await other.client.execute("SELECT count(*) AS n FROM issuances");
    expect(counted.rows[0]?.["n"]).toBe(30);
    await writer.stop();
  });

  test("7: restores Redis where the ledger was last read for another, and then writes", async () => {
    const { database, openWriter, proof, logged } = await decided(30);
    await database.client.execute("UPDATE fences SET instance = 'another'");
    const writer = openWriter({ retryDelayMs: 5 });
    writer.start();
    expect(await writer.stop()).toBe(true);
    expect(logged.join()).toContain("the ledger was read for another Redis");
    const { instance } = connection;
    const { rows } = await database.client.execute("SELECT instance FROM fences");
    expect(rows.map((row) => row["instance"])).toEqual([instance]);
    expect(await proof()).toEqual([]);
  });

  test("gives up stopping when the ledger stays away; the entries stay in Redis", async () => {
    const { database, openWriter, stream } = await decided(30);
    await database.client.execute("ALTER TABLE issuances RENAME TO hidden");
    const writer = openWriter({ retryDelayMs: 5, drainTimeoutMs: 50 });
    writer.start();
    expect(await writer.stop()).toBe(false);
    expect(await connection.client.xlen(stream)).toBe(3);
  });
});

async function grantTimes(eventId: string): Promise<Map<string, number>> {
  const grants = await connection.client.hgetall(eventKeys(eventId).members);
  return new Map(
    Object.entries(grants).map(([member, grant]) => [member, Number(grant.split(":")[2])]),
  );
}
