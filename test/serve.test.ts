/** `couponlive serve` as an operator meets it: starting, refusing to start, and stopping. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { findEvent } from "../src/server/events/administration.ts";
import { verifyEvent } from "../src/server/ledger/verify.ts";
import { runProgram, startProgram } from "./support/program.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { TestServer } from "./support/server.ts";
import { temporaryDirectory } from "./support/temp.ts";

const longSecret = "x".repeat(32);

describe("serve refuses to start", () => {
  const refusals: readonly {
    readonly name: string;
    readonly args: readonly string[];
    readonly env: Record<string, string>;
    readonly exitCode: number;
    readonly says: string;
  }[] = [
    {
      name: "without a secret",
      args: [],
      env: {},
      exitCode: 2,
      says: "COUPONLIVE_JWT_SECRET is not set",
    },
    {
      name: "with a short secret",
      args: [],
      env: { COUPONLIVE_JWT_SECRET: "x".repeat(31) },
      exitCode: 2,
      says: "is 31 bytes long",
    },
    {
      name: "with a short former secret",
      args: [],
      env: { COUPONLIVE_JWT_SECRET: longSecret, COUPONLIVE_JWT_PREVIOUS_SECRET: "x" },
      exitCode: 2,
      says: "COUPONLIVE_JWT_PREVIOUS_SECRET is 1 bytes long",
    },
    {
      name: "with several workers and no Redis",
      args: ["--workers", "2"],
      env: { COUPONLIVE_JWT_SECRET: longSecret },
      exitCode: 2,
      says: "--redis",
    },
    {
      name: "with a remote ledger and no Redis",
      args: ["--db", "http://127.0.0.1:1"],
      env: { COUPONLIVE_JWT_SECRET: longSecret },
      exitCode: 2,
      says: "--redis",
    },
    {
      name: "with an impossible port",
      args: ["--port", "70000"],
      env: { COUPONLIVE_JWT_SECRET: longSecret },
      exitCode: 2,
      says: "0 to 65535",
    },
    {
      name: "with a Redis that is not there",
      args: ["--redis", "redis://:hidden@127.0.0.1:1"],
      env: { COUPONLIVE_JWT_SECRET: longSecret },
      exitCode: 1,
      says: "Redis at 127.0.0.1:1 cannot be used",
    },
  ];
  for (const { name, args, env, exitCode, says } of refusals) {
    test(name, async () => {
      using folder = temporaryDirectory();
      const result = await runProgram(["serve", "--port", "0", ...args], { env, cwd: folder.path });
      expect(result.exitCode).toBe(exitCode);
      expect(result.stderr).toContain(says);
      expect(result.stderr.trim().split("\n")).toHaveLength(1);
      expect(result.stdout + result.stderr).not.toContain("hidden");
    });
  }

  test("when another embedded server has the database, until that one is killed", async () => {
    await using server = await TestServer.create();
    await server.start();
    const second = await runProgram(["serve", "--port", "0"], { env: server.env });
    expect(second.exitCode).toBe(2);
    expect(second.stderr).toContain("another couponlive serves this database");
    await server.program?.kill();
    await server.start();
  });

  test("on a port that is taken", async () => {
    await using server = await TestServer.create();
    await server.start();
    await using other = await TestServer.create();
    const port = new URL(server.url).port;
    const result = await runProgram(["serve", "--port", port], { env: other.env });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(port);
  });

  test("not in development, where a secret is made up", async () => {
    using folder = temporaryDirectory();
    await using program = startProgram(["serve", "--port", "0", "--dev"], { cwd: folder.path });
    await program.readUntil(/"msg":"listening"/);
  });
});

describe("serve stops in order", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis({ persistence: "none" });
  });
  afterAll(() => redis.stop());

  for (const engine of ["embedded", "redis"] as const) {
    test(`on ${engine}: SIGTERMs in a crowd answer what is in flight, fill the ledger and exit 0`, async () => {
      const flags = engine === "redis" ? ["--redis", redis.url, "--workers", "2"] : [];
      await using server = await TestServer.create(flags);
      const event = await server.openEvent({ name: `stop ${engine}`, stock: 5_000 });
      await server.start();
      await server.firstClaim(event.id, "first");
      let issued = 1;
      let answered = 0;
      const client = async (number: number) => {
        for (let turn = 0; ; turn++) {
          const answer = await server.claim(event.id, `m${number}-${turn}`).catch(() => undefined);
          if (answer === undefined) return;
          answered++;
          if (answer.status === 201) issued++;
          else expect(answer.body.code).toBe("shutting_down");
          // More than once, as a shell and npm do together.
          if (answered >= 500 && answered < 503) server.program?.signal("SIGTERM");
        }
      };
      await Promise.all(Array.from({ length: 20 }, (_, number) => client(number)));
      expect(await server.program?.ended).toMatchObject({ exitCode: 0, stderr: "" });
      const definition = await findEvent(server.database, event.id);
      if (definition === undefined) throw new Error("the event is gone");
      const proof = await verifyEvent(server.database, definition);
      expect(proof.ok).toBe(true);
      // A claim whose answer was cut off may have been issued all the same, so never fewer.
      expect(proof.issued).toBeGreaterThanOrEqual(issued);
      expect(issued).toBeGreaterThan(400);
    });
  }
});
