import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import pino from "pino";
import { deciders, windows } from "../../schema/tables.ts";
import { expectProblem } from "../../test/support/app.ts";
import { startRedis } from "../../test/support/redis.ts";
import { bearer, TestServer } from "../../test/support/server.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { RedisConnection } from "./claims/redis/connection.ts";
import { eventKeys } from "./claims/redis/keys.ts";
import { RedisEngine } from "./claims/redis/redis-engine.ts";
import { openDatabase } from "./database.ts";
import { redisDataset } from "./decider.ts";
import { addWindows, createEvent, findEvent } from "./events/administration.ts";
import { createTokenKeys, signTokenSync } from "./members/tokens.ts";
import { startWebServer } from "./web-server.ts";

const TOKENS = {
  secret: "x".repeat(32),
  previousSecret: undefined,
  issuer: "couponlive",
  audience: "couponlive",
};

const redis = await startRedis({ persistence: "none" });
afterAll(() => redis.stop());

test("a start prepares the events that may still issue, and no others", async () => {
  const db = join(temporaryDirectory().path, "ledger.db");
  const database = await openDatabase(db);
  const nowMs = Date.now();
  const closings = { past: nowMs - 3_600_000, recent: nowMs - 5_000, coming: nowMs + 3_600_000 };
  const ids = new Map<string, string>();
  for (const [name, closesAtMs] of Object.entries(closings)) {
    const { id } = await createEvent(database, { name });
    await database.orm.insert(windows).values({ eventId: id, opensAtMs: 1, closesAtMs });
    ids.set(id, name);
  }
  const connection = await RedisConnection.open(redis.url, () => undefined);
  const server = await startWebServer({
    host: "127.0.0.1",
    port: 0,
    reusePort: false,
    tokens: TOKENS,
    database,
    databaseConfig: { db, dbToken: undefined },
    engine: new RedisEngine(connection, database),
    log: pino({ level: "silent" }),
  });
  const prepared: string[] = [];
  for (const [id, name] of ids) {
    if ((await connection.client.exists(eventKeys(id).state)) === 1) prepared.push(name);
  }
  await server.stop();
  expect(prepared).toEqual(["recent", "coming"]);
});

test("a body that is larger than its address takes is refused before it is read", async () => {
  await using server = await TestServer.create();
  await server.start();
  const status = async (path: string, bytes: number) => {
    const body = "x".repeat(bytes);
    const request = { method: "PUT", headers: bearer("alice"), body };
    return (await fetch(server.url + path, request)).status;
  };
  expect(await status("/v1/auth/login", 16_384)).toBe(405);
  expect(await status("/v1/auth/login", 16_385)).toBe(413);
  // Nobody reads a claim's, and to look at its length would cost every claim.
  expect(await status("/v1/events/e/claims", 16_385)).toBe(405);
  expect(await status("/v1/admin/events/e/codes", 16_385)).toBe(403);
  expect(await status("/v1/admin/events/e/codes", 8_388_609)).toBe(413);
});

test("on Redis an administrator lowers a stock to what Redis has issued, and deletes no further", async () => {
  const db = join(temporaryDirectory().path, "ledger.db");
  const database = await openDatabase(db);
  const connection = await RedisConnection.open(redis.url, () => undefined);
  const name = await redisDataset(connection.client);
  await database.orm.insert(deciders).values({ id: 1, name, seenAtMs: Date.now() });
  const { id } = await createEvent(database, { name: "redis", stock: 10 });
  const nowMs = Date.now();
  await addWindows(database, id, [{ opensAtMs: nowMs }], { nowMs });
  const engine = new RedisEngine(connection, database);
  const server = await startWebServer({
    host: "127.0.0.1",
    port: 0,
    reusePort: false,
    tokens: TOKENS,
    database,
    databaseConfig: { db, dbToken: undefined },
    engine,
    log: pino({ level: "silent" }),
  });
  const event = await findEvent(database, id);
  if (event === undefined) throw new Error("the event is gone");
  await engine.claim(event, ["a", "b", "c"]);
  const token = signTokenSync(createTokenKeys(TOKENS), {
    memberId: "root",
    role: "admin",
    lifetimeSeconds: 60,
  });
  const ask = async (method: string, path: string, body?: object) =>
    await fetch(`${server.url}/v1/admin/events/${id}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  await expectProblem(await ask("POST", "/restock", { stock: 2 }), "stock_below_issued");
  const lowered = await ask("POST", "/restock", { stock: 3 });
  expect(await lowered.json()).toMatchObject({ state: "sold_out", stock: 3, issued: 3 });
  await expectProblem(await ask("DELETE", ""), "has_issued");
  await server.stop();
});
