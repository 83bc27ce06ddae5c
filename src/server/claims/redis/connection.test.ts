import { afterEach, describe, expect, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import type { Redis } from "ioredis";
import { startRedis } from "../../../../test/support/redis.ts";
import { CliError } from "../../../exit-codes.ts";
import { type ConnectionChange, openRedis, RedisConnection } from "./connection.ts";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

async function opened(url: string) {
  const changes: ConnectionChange[] = [];
  const connection = await RedisConnection.open(url, (change) => changes.push(change));
  cleanUps.push(() => connection.close());
  return { connection, changes };
}

const states = (changes: readonly ConnectionChange[]) => changes.map((change) => change.state);

/** Waits; the test's own time limit ends it. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(10);
}

function succeeds(attempt: () => Promise<unknown>): Promise<boolean> {
  return attempt().then(
    () => true,
    () => false,
  );
}

describe("a connection to Redis", () => {
  test("tells once that Redis is away and once that it is back, as another instance", async () => {
    await using redis = await startRedis({ persistence: "none" });
    const { connection, changes } = await opened(redis.url);
    const before = connection.instance;
    await redis.kill("SIGKILL");
    let attempts = 0;
    connection.client.on("reconnecting", () => attempts++);
    await until(() => attempts >= 5);
    expect(states(changes)).toEqual(["away"]);
    expect(() => connection.instance).toThrow("Redis is away");
    await redis.restart();
    await until(() => changes.length > 1);
    expect(changes.at(-1)).toEqual({ state: "back", instanceChanged: true });
    expect(connection.instance).not.toBe(before);
  });

  test("tells that it is back at the same instance when only the connection was lost", async () => {
    await using redis = await startRedis({ persistence: "none" });
    const { connection, changes } = await opened(redis.url);
    connection.client.disconnect(true);
    await until(() => changes.length > 1);
    expect(changes).toMatchObject([{ state: "away" }, { state: "back", instanceChanged: false }]);
  });

  test("a demoted master is left by a refused write, and used again once it is a master", async () => {
    await using master = await startRedis({ persistence: "none" });
    await using redis = await startRedis({ persistence: "none" });
    const { connection, changes } = await opened(redis.url);
    const operator = (await opened(redis.url)).connection.client;
    await operator.replicaof("127.0.0.1", master.port);
    await expect(connection.client.set("a", "b")).rejects.toThrow("READONLY");
    await until(() =>
      changes.some((c) => c.state === "away" && /is a replica/.test(c.error.message)),
    );
    expect(() => connection.instance).toThrow("Redis is away");
    await operator.replicaof("NO", "ONE");
    await until(() => changes.at(-1)?.state === "back");
    expect(await connection.client.set("a", "b")).toBe("OK");
  });

  test("a demoted master fails the check and is left, though nobody writes", async () => {
    await using master = await startRedis({ persistence: "none" });
    await using redis = await startRedis({ persistence: "none" });
    const { connection, changes } = await opened(redis.url);
    await connection.check();
    await (await opened(redis.url)).connection.client.replicaof("127.0.0.1", master.port);
    await expect(connection.check()).rejects.toThrow("is a replica");
    await until(() => changes.length > 0);
  });

  test("a replica is refused at the start", async () => {
    await using master = await startRedis({ persistence: "none" });
    await using redis = await startRedis({ persistence: "none" });
    await (await opened(redis.url)).connection.client.replicaof("127.0.0.1", master.port);
    await expect(openRedis(redis.url, () => undefined)).rejects.toThrow("name the master");
  });

  test("a Redis that may evict keys is refused, in a sentence that names the setting", async () => {
    await using redis = await startRedis({ persistence: "none" });
    const { client } = (await opened(redis.url)).connection;
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    (await openRedis(redis.url, () => undefined)).close();
    await client.config("SET", "maxmemory", "100mb");
    const refused = openRedis(redis.url, () => undefined);
    await expect(refused).rejects.toBeInstanceOf(CliError);
    await expect(refused).rejects.toThrow("set it to noeviction");
    const { connection, changes } = await unfitAfterReconnect(client, redis.url);
    await expect(connection.check()).rejects.toThrow("Redis is away");
    expect(changes).toMatchObject([{ state: "away" }, { state: "away" }]);
    await client.config("SET", "maxmemory-policy", "noeviction");
    (await openRedis(redis.url, () => undefined)).close();
  });

  test("a connection that leads nowhere is given up, and one that is not told who answers", async () => {
    await using redis = await startRedis({ persistence: "none" });
    const proxy = await deafProxy(redis.port);
    const { connection } = await opened(proxy.url);
    proxy.deafen();
    proxy.swallowNext("info", 2);
    expect(await succeeds(() => connection.client.ping())).toBe(false);
    await until(() => succeeds(() => connection.check()));
    await until(() => succeeds(() => Promise.resolve().then(() => connection.instance)));
    expect(proxy.connections()).toBe(3);
  }, 20_000);
});

/** A connection that was lost, and found on its return that Redis may now evict keys. */
async function unfitAfterReconnect(operator: Redis, url: string) {
  await operator.config("SET", "maxmemory", "0");
  const { connection, changes } = await opened(url);
  await operator.config("SET", "maxmemory", "100mb");
  connection.client.disconnect(true);
  await until(() => changes.some((c) => c.state === "away" && /evict/.test(c.error.message)));
  return { connection, changes };
}

/** A relay whose open connections can be made to swallow everything without closing. */
async function deafProxy(redisPort: number) {
  const relays: { deaf: boolean; client: Socket }[] = [];
  let swallowed = { text: "", nth: 0 };
  const server = createServer((client) => {
    const relay = { deaf: false, client };
    relays.push(relay);
    const upstream = connect(redisPort, "127.0.0.1");
    let seen = 0;
    client.on("data", (chunk) => {
      if (relay.deaf) return;
      if (swallowed.nth > 0 && chunk.toString().toLowerCase().includes(swallowed.text)) seen++;
      if (swallowed.nth > 0 && seen === swallowed.nth) {
        swallowed = { text: "", nth: 0 };
        relay.deaf = true;
        return;
      }
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (!relay.deaf) client.write(chunk);
    });
    client.on("close", () => upstream.destroy());
    client.on("error", () => undefined);
    upstream.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUps.push(() => {
    for (const { client } of relays) client.destroy();
    server.close();
  });
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    url: `redis://127.0.0.1:${port}`,
    deafen: () => {
      for (const relay of relays) relay.deaf = true;
    },
    swallowNext: (text: string, nth: number) => {
      swallowed = { text, nth };
    },
    connections: () => relays.length,
  };
}
