import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import pino from "pino";
import { windows } from "../../schema/tables.ts";
import { startRedis } from "../../test/support/redis.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { RedisConnection } from "./claims/redis/connection.ts";
import { eventKeys } from "./claims/redis/keys.ts";
import { RedisEngine } from "./claims/redis/redis-engine.ts";
import { openDatabase } from "./database.ts";
import { createEvent } from "./events/administration.ts";
import { startWebServer } from "./web-server.ts";

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
    tokens: {
      secret: "x".repeat(32),
      previousSecret: undefined,
      issuer: "couponlive",
      audience: "couponlive",
    },
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
