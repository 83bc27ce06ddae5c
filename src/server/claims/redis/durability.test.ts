/** What the engine says of a real Redis: how it persists, and what the ledger lacks. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Redis } from "ioredis";
import { startRedis } from "../../../../test/support/redis.ts";
import { temporaryDirectory } from "../../../../test/support/temp.ts";
import { openDatabase } from "../../database.ts";
import { addWindows, createEvent, findEvent } from "../../events/administration.ts";
import { RedisConnection } from "./connection.ts";
import { readDurability } from "./durability.ts";
import { eventKeys } from "./keys.ts";
import { RedisEngine } from "./redis-engine.ts";

test("as it is configured now, and «unknown» where it may not say", async () => {
  await using redis = await startRedis({ persistence: "aof-always" });
  const client = new Redis(redis.url);
  const read = async () => await readDurability(client);
  expect(await read()).toEqual({
    store: "redis",
    mayLose: "nothing",
    redis: { appendOnly: true, appendFsync: "always", save: "", replicas: 0 },
  });
  await client.config("SET", "appendfsync", "everysec");
  expect(await read()).toMatchObject({ mayLose: "last_second" });
  await client.config("SET", "appendfsync", "no");
  expect(await read()).toMatchObject({ mayLose: "unflushed" });
  await client.call("ACL", "SETUSER", "guest", "on", ">pw", "~*", "&*", "+@all", "-config");
  const guest = new Redis(redis.url, { username: "guest", password: "pw" });
  expect(await readDurability(guest)).toEqual({
    store: "redis",
    mayLose: "unknown",
    redis: { appendOnly: true, appendFsync: "unknown", save: "unknown", replicas: 0 },
  });
  await client.call("ACL", "SETUSER", "guest", "-info");
  expect(await readDurability(guest)).toMatchObject({
    mayLose: "unknown",
    redis: { appendOnly: "unknown", replicas: "unknown" },
  });
  guest.disconnect();

  await client.config("SET", "appendonly", "no");
  expect(await read()).toMatchObject({ mayLose: "all_but_ledger", redis: { appendOnly: false } });
  await client.config("SET", "save", "3600 1");
  expect(await read()).toMatchObject({ mayLose: "since_snapshot", redis: { save: "3600 1" } });
  client.disconnect();
});

test("the oldest issuance that is still in a stream, of all events", async () => {
  await using redis = await startRedis({ persistence: "none" });
  const database = await openDatabase(join(temporaryDirectory().path, "ledger.db"));
  const connection = await RedisConnection.open(redis.url, () => undefined);
  const engine = new RedisEngine(connection, database);
  const events = await Promise.all(
    ["first", "second"].map(async (id) => {
      await createEvent(database, { id, name: id });
      const nowMs = Date.now();
      await addWindows(database, id, [{ opensAtMs: nowMs }], { nowMs });
      const event = await findEvent(database, id);
      if (event === undefined) throw new Error("the event is not there");
      return event;
    }),
  );
  const [first, second] = events;
  if (first === undefined || second === undefined) throw new Error("an event is not there");
  expect(await engine.oldestPendingAtMs(events)).toBeNull();
  await engine.claim(second, ["alice"]);
  await engine.claim(first, ["bob"]);
  const [entry] = await connection.client.xrange(eventKeys("second").stream, "-", "+");
  expect(await engine.oldestPendingAtMs(events)).toBe(Number(entry?.[0].split("-")[0]));
  await connection.client.del(eventKeys("second").stream, eventKeys("first").stream);
  expect(await engine.oldestPendingAtMs(events)).toBeNull();
  await engine.close();
  database.close();
});
