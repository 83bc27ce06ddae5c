/** From one second after a command, every claim is judged by the new state (issue 4, done when 3). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { findEvent, pauseEvent, resumeEvent } from "../src/server/events/administration.ts";
import { restockEvent } from "../src/server/events/stock.ts";
import { verifyEvent } from "../src/server/ledger/verify.ts";
import { runProgram } from "./support/program.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { TestServer } from "./support/server.ts";

/** What the README promises. */
const FOLLOW_MS = 1_000;
/** Claims of one probe; on two web processes each connection is a coin's toss. */
const CLAIMS = 24;

describe("a running server follows within a second", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis({ persistence: "none" });
  });
  afterAll(() => redis.stop());

  for (const engine of ["embedded", "redis"] as const) {
    const redisFlags = () => (engine === "redis" ? ["--redis", redis.url] : []);
    const where = engine === "redis" ? "redis with two web processes" : "embedded";

    test.concurrent(`on ${where}`, async () => {
      const workers = engine === "redis" ? ["--workers", "2"] : [];
      await using server = await TestServer.create([...redisFlags(), ...workers]);
      await server.start();
      const event = await server.openEvent({ name: `follow ${engine}`, stock: 1_000 });
      expect(await server.firstClaim(event.id, "first")).toMatchObject({ status: 201 });
      let probes = 0;

      /** Runs a command, lets a second pass, and says what members are told then. */
      const toldAfter = async (...command: readonly string[]) => {
        const [verb = "", ...rest] = command;
        const args = ["event", verb, event.id, ...rest, "--json"];
        const result = await runProgram(args, { env: server.env });
        expect(result).toMatchObject({ exitCode: 0, stderr: "" });
        await Bun.sleep(FOLLOW_MS);
        const probe = ++probes;
        // A connection each, so that every web process is asked.
        const answers = await Promise.all(
          Array.from({ length: CLAIMS }, (_, number) =>
            server.claim(event.id, `probe-${probe}-${number}`, { connection: "close" }),
          ),
        );
        return new Map(
          Object.entries(
            Object.groupBy(answers, ({ status, body }) => (status === 201 ? "issued" : body.code)),
          ).map(([told, all]) => [told, all?.length]),
        );
      };
      const all = (told: string) => new Map([[told, CLAIMS]]);

      expect(await toldAfter("pause")).toEqual(all("paused"));
      await resumeEvent(server.database, event.id);
      expect(await toldAfter("restock", "6", ...redisFlags())).toEqual(
        new Map([
          ["issued", 5],
          ["sold_out", CLAIMS - 5],
        ]),
      );
      await restockEvent(server.database, event.id, 500);
      expect(await toldAfter("end", "--yes")).toEqual(all("ended"));

      expect(await server.program?.stop()).toMatchObject({ exitCode: 0 });
      const definition = await findEvent(server.database, event.id);
      if (definition === undefined) throw new Error("the event is gone");
      const proof = await verifyEvent(server.database, definition);
      expect(proof).toMatchObject({ ok: true, issued: 6 });
    });
  }

  test.concurrent("an event that is deleted is forgotten, in Redis too", async () => {
    await using server = await TestServer.create(["--redis", redis.url]);
    await server.start();
    const { id } = await server.openEvent({ name: "mistake" });
    await pauseEvent(server.database, id);
    expect((await server.firstClaim(id, "member")).body.code).toBe("paused");
    const args = ["event", "delete", id, "--yes"];
    const without = await runProgram(args, { env: server.env });
    expect(without).toMatchObject({ exitCode: 2, stdout: "" });
    expect(without.stderr).toContain("only it knows what is issued: name it with --redis");
    const result = await runProgram([...args, "--redis", redis.url], { env: server.env });
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
    await Bun.sleep(FOLLOW_MS);
    expect((await server.claim(id, "member")).body.code).toBe("unknown_event");
    const { exitCode, stdout } = (await server.program?.stop()) ?? {};
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain("must retry");
  });
});
