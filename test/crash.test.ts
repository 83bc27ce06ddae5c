/** Processes that are killed in the middle of a rush lose nothing that a member was told. */
import { describe, expect, test } from "bun:test";
import { RedisConnection } from "../src/server/claims/redis/connection.ts";
import { eventKeys } from "../src/server/claims/redis/keys.ts";
import { verifyEvent } from "../src/server/ledger/verify.ts";
import { startRedis } from "./support/redis.ts";
import { TestServer } from "./support/server.ts";

const MEMBERS = 2_000;
const STOCK = 1_500;
const CONCURRENCY = 50;

interface Told {
  readonly rank: number | undefined;
  readonly code: string;
}

/** All members claim, some at once; answers that do not come are left out. */
async function rush(
  server: TestServer,
  eventId: string,
  onAnswer: (count: number) => void = () => undefined,
): Promise<Map<string, Told>> {
  const told = new Map<string, Told>();
  let next = 0;
  const client = async () => {
    for (let number = next++; number < MEMBERS; number = next++) {
      const member = `m${number}`;
      const answer = await server.claim(eventId, member).catch(() => undefined);
      if (answer?.status !== 200 && answer?.status !== 201) continue;
      told.set(member, { rank: answer.body.rank, code: answer.body.code });
      onAnswer(told.size);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
  return told;
}

describe("5: an acknowledged issuance is never lost", () => {
  test("when the embedded server is killed in a rush", async () => {
    await using server = await TestServer.create();
    const event = await server.openEvent({ name: "crash", stock: STOCK });
    await server.start();
    const told = await rush(server, event.id, (count) => {
      if (count === 500) void server.program?.kill();
    });
    expect(told.size).toBeGreaterThanOrEqual(500);
    expect(told.size).toBeLessThan(STOCK);
    await server.program?.ended;

    await server.start();
    const again = await rush(server, event.id);
    expect(again.size).toBe(STOCK);
    for (const [member, grant] of told) expect(again.get(member)).toEqual(grant);
    await server.program?.stop();
    const { ok, issued } = await verifyEvent(server.database, await current(server, event.id));
    expect({ ok, issued }).toEqual({ ok: true, issued: STOCK });
  });

  test("when the writer and supervisor on Redis is killed in a rush, and its entries are taken over", async () => {
    await using redis = await startRedis({ persistence: "aof-everysec" });
    await using server = await TestServer.create(["--redis", redis.url, "--workers", "2"]);
    const event = await server.openEvent({ name: "crash", stock: STOCK });
    await server.start();
    const told = await rush(server, event.id, (count) => {
      if (count === 500) void server.program?.kill();
    });
    expect(told.size).toBeGreaterThanOrEqual(500);

    await server.start();
    const again = await rush(server, event.id);
    expect(again.size).toBe(STOCK);
    for (const [member, grant] of told) expect(again.get(member)).toEqual(grant);
    const connection = await RedisConnection.open(redis.url, () => undefined);
    // The dead writer's entries stay its own until they have been idle for the take-over time.
    while ((await connection.client.xlen(eventKeys(event.id).stream)) > 0) await Bun.sleep(50);
    const definition = await current(server, event.id);
    const proof = await verifyEvent(server.database, definition, connection.client);
    connection.close();
    expect(proof.checks.filter((check) => !check.ok)).toEqual([]);
    expect(proof.issued).toBe(STOCK);
  });

  test("when a web process is killed in a rush; another takes its place", async () => {
    await using redis = await startRedis({ persistence: "none" });
    await using server = await TestServer.create(["--redis", redis.url, "--workers", "2"]);
    const event = await server.openEvent({ name: "crash", stock: STOCK });
    await server.start();
    const told = await rush(server, event.id, (count) => {
      if (count === 500) Bun.spawnSync(["pkill", "-KILL", "-P", String(server.program?.pid), "-o"]);
    });
    await server.program?.readUntil(/a web process died/);
    const again = await rush(server, event.id);
    expect(again.size).toBe(STOCK);
    for (const [member, grant] of told) expect(again.get(member)).toEqual(grant);
    expect((await server.program?.stop())?.exitCode).toBe(0);
    const { ok, issued } = await verifyEvent(server.database, await current(server, event.id));
    expect({ ok, issued }).toEqual({ ok: true, issued: STOCK });
  });
});

async function current(server: TestServer, eventId: string) {
  const { findEvent } = await import("../src/server/events/administration.ts");
  const event = await findEvent(server.database, eventId);
  if (event === undefined) throw new Error("the event is gone");
  return event;
}
