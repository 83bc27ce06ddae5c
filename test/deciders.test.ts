/** One database, one decider: two would issue every coupon twice. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { findEvent } from "../src/server/events/administration.ts";
import { verifyEvent } from "../src/server/ledger/verify.ts";
import { runProgram } from "./support/program.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { TestServer } from "./support/server.ts";
import { temporaryDirectory } from "./support/temp.ts";

let one: TestRedis;
let other: TestRedis;
beforeAll(async () => {
  [one, other] = await Promise.all([
    startRedis({ persistence: "none" }),
    startRedis({ persistence: "none" }),
  ]);
});
afterAll(() => Promise.all([one.stop(), other.stop()]));

/** Tries to serve the same database with these flags, and returns the refusal. */
async function refusal(server: TestServer, ...flags: string[]): Promise<string> {
  const result = await runProgram(["serve", "--port", "0", ...flags], { env: server.env });
  expect(result.exitCode).not.toBe(0);
  expect(result.stderr.trim().split("\n")).toHaveLength(1);
  return result.stderr;
}

describe("while one decides", () => {
  test("no Redis beside the embedded engine, and no second one through a link", async () => {
    await using server = await TestServer.create();
    await server.start();
    expect(await refusal(server, "--redis", one.url)).toContain("embedded engine: stop it first");
    using folder = temporaryDirectory();
    const link = join(folder.path, "link.db");
    symlinkSync(server.path, link);
    expect(await refusal(server, "--db", link)).toContain("embedded engine: stop it first");
  });

  test("no embedded engine and no other Redis beside a Redis, not even told to take over", async () => {
    await using server = await TestServer.create(["--redis", one.url]);
    await server.start();
    for (const flags of [[], ["--redis", other.url], ["--redis", other.url, "--take-over"]]) {
      expect(await refusal(server, ...flags)).toContain("stop that server first");
    }
    await using second = TestServer.beside(server, ["--redis", one.url]);
    await second.start();
  });
});

describe("one after the other", () => {
  test("Redis goes on where a killed embedded server stopped, with what its outbox held", async () => {
    await using server = await TestServer.create();
    const event = await server.openEvent({ name: "handover", stock: 30 });
    await server.start();
    const told = await Promise.all(
      Array.from({ length: 20 }, (_, number) => server.claim(event.id, `m${number}`)),
    );
    await server.program?.kill();

    await using next = TestServer.beside(server, ["--redis", one.url]);
    await next.start();
    for (const [number, answer] of told.entries()) {
      const again = await next.claim(event.id, `m${number}`);
      expect(again.body).toEqual({ ...answer.body, status: "already_issued" });
    }
    expect((await next.claim(event.id, "late")).body.rank).toBe(21);
    expect((await next.program?.stop())?.exitCode).toBe(0);

    // Stopped in order, so the embedded engine may decide again.
    await server.start();
    expect((await server.claim(event.id, "later")).body.rank).toBe(22);
    expect((await server.program?.stop())?.exitCode).toBe(0);
    const definition = await findEvent(server.database, event.id);
    if (definition === undefined) throw new Error("the event is gone");
    expect(await verifyEvent(server.database, definition)).toMatchObject({ ok: true, issued: 22 });
  });

  test("after a Redis server that was killed nobody else decides, until it is told to", async () => {
    await using server = await TestServer.create(["--redis", one.url]);
    await server.start();
    await server.program?.kill();
    await server.database.client.execute("UPDATE deciders SET seen_at = seen_at - 60000");
    expect(await refusal(server)).toContain("--take-over");
    expect(await refusal(server, "--redis", other.url)).toContain("--take-over");
    await using next = TestServer.beside(server, ["--redis", other.url, "--take-over"]);
    await next.start();
  });
});
