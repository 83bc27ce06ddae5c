/** `couponlive doctor` with real Redis servers and databases, good ones and bad ones. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { z } from "zod";
import { runProgram } from "../../test/support/program.ts";
import { startRedis, type TestRedis } from "../../test/support/redis.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { measureCeilings } from "../doctor/ceilings.ts";
import { checkOpenFiles, checkTimeZones } from "../doctor/machine.ts";
import { ceilingFindings, promiseOf } from "../doctor/promise.ts";
import { EXIT } from "../exit-codes.ts";
import { openDatabase } from "../server/database.ts";
import { addWindows, createEvent } from "../server/events/administration.ts";

setDefaultTimeout(60_000);

const reportSchema = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.object({
      check: z.string(),
      status: z.enum(["ok", "warn", "fail"]),
      says: z.string(),
      advice: z.string().nullable(),
    }),
  ),
  measured: z.null(),
});

let redis: TestRedis;
let client: Redis;

beforeAll(async () => {
  redis = await startRedis({ persistence: "aof-always" });
  client = new Redis(redis.url);
});
afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

/** Asks the doctor, in a folder, with a secret and a port that nobody has. */
async function examine(folder: string, ...args: string[]) {
  const result = await runProgram(["doctor", "--port", "0", "--json", ...args], {
    cwd: folder,
    env: { COUPONLIVE_JWT_SECRET: "x".repeat(32) },
  });
  const report = reportSchema.parse(JSON.parse(result.stdout));
  const find = (check: string) => report.findings.find((finding) => finding.check === check);
  return { ...result, ...report, find };
}

test.concurrent("all is well, and it says so", async () => {
  using folder = temporaryDirectory();
  const found = await examine(folder.path, "--redis", redis.url, "--quick");
  expect(found.findings.filter(({ status }) => status === "fail")).toEqual([]);
  expect(found).toMatchObject({ exitCode: EXIT.ok, ok: true, measured: null });
  expect(found.find("redis persistence")?.status).toBe("ok");
  expect(readdirSync(folder.path)).toEqual([]);
});

for (const engine of ["embedded", "redis"] as const) {
  test(`the machine is measured on ${engine}, and nothing is left behind`, async () => {
    using folder = temporaryDirectory();
    // Too short to mean anything, but all of it.
    const durations = { web: 200, engine: 100, ledger: 50 };
    const redisUrl = engine === "redis" ? redis.url : undefined;
    const { engine: measured, ...figures } = await measureCeilings(
      folder.path,
      redisUrl,
      durations,
    );
    expect(measured).toBe(engine);
    expect(Object.values(figures).filter((perSecond) => !Number.isFinite(perSecond))).toEqual([]);
    expect(readdirSync(folder.path)).toEqual([]);
    expect(await client.dbsize()).toBe(0);
  });
}

test.concurrent("a Redis that is not there, its password kept secret", async () => {
  using folder = temporaryDirectory();
  const found = await examine(folder.path, "--redis", "redis://:hidden@127.0.0.1:1", "--quick");
  expect(found.exitCode).toBe(EXIT.failed);
  expect(found.find("redis")?.says).toContain("127.0.0.1:1 does not answer");
  expect(found.stdout + found.stderr).not.toContain("hidden");
});

test.concurrent("databases that cannot be used, and one in which a window is open", async () => {
  using folder = temporaryDirectory();
  const place = (name: string) => join(folder.path, name);
  const examineDatabase = (name: string) => examine(folder.path, "--db", place(name));

  const absent = await examineDatabase("no/such/folder.db");
  expect(absent.find("database")?.says).toContain("does not exist");

  writeFileSync(place("text.db"), "not a database, but long enough to be taken for one".repeat(50));
  expect((await examineDatabase("text.db")).find("database")?.status).toBe("fail");

  const newer = await openDatabase(place("newer.db"));
  await newer.client.execute("INSERT INTO schema_migrations VALUES ('9999_future', 0)");
  newer.close();
  const future = await examineDatabase("newer.db");
  expect(future.find("migrations")).toMatchObject({ status: "fail" });

  const open = await openDatabase(place("open.db"));
  const { id } = await createEvent(open, { name: "open", timeZone: "Asia/Seoul" });
  const nowMs = Date.now();
  await addWindows(open, id, [{ opensAtMs: nowMs }], { nowMs });
  open.close();
  const busy = await examineDatabase("open.db");
  expect(busy).toMatchObject({ exitCode: EXIT.ok, measured: null });
  expect(busy.find("ceilings")?.says).toBe("not measured: a window is open");
});

test.concurrent("a port that another program has, a short secret, and a line for each", async () => {
  using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello") });
  using folder = temporaryDirectory();
  const { exitCode, stdout, stderr } = await runProgram(
    ["doctor", "--quick", "--port", String(other.port)],
    { cwd: folder.path },
  );
  expect(exitCode).toBe(EXIT.failed);
  expect(stdout).toMatch(/^fail {2}secret +COUPONLIVE_JWT_SECRET is not set: give it/m);
  expect(stdout).toMatch(/^fail {2}port +another program listens on 127\.0\.0\.1:\d+: stop it/m);
  expect(stdout).toMatch(/^ok {4}ceilings +not measured: --quick$/m);
  expect(stderr).toStartWith("couponlive: 2 checks failed");
});

test("few files, unknown zones", () => {
  const limits = (soft: string) => `Max open files            ${soft}    524288   files\n`;
  expect(checkOpenFiles(limits("1023")).status).toBe("fail");
  expect(checkOpenFiles(limits("1024")).status).toBe("warn");
  expect(checkOpenFiles(limits("unlimited")).status).toBe("ok");
  expect(checkTimeZones(["Asia/Seoul"]).status).toBe("ok");
  expect(checkTimeZones(["Asia/Atlantis"]).status).toBe("fail");
});

test("the promise is the smaller ceiling, with room to spare", () => {
  const ceilings = {
    engine: "redis",
    httpPerSecond: 80_000,
    claimsPerSecond: 30_000,
    enginePerSecond: 100_000,
    ledgerPerSecond: 1,
  } as const;
  const one = promiseOf(ceilings, 1);
  expect(one).toEqual({ claimsPerSecond: 15_000, bottleneck: "web" });
  expect(promiseOf(ceilings, 4)).toEqual({ claimsPerSecond: 50_000, bottleneck: "engine" });
  expect(ceilingFindings(ceilings, one).at(-1)?.says).toStartWith(
    "15,000 claims/s; the bottleneck is the web process (to raise it: more --workers",
  );
});

// Last, and alone: it changes the Redis.
test("a Redis that may lose coupons is found out", async () => {
  using folder = temporaryDirectory();
  await client.config("SET", "appendfsync", "everysec");
  await client.config("SET", "maxmemory", "2mb");
  await client.config("SET", "maxmemory-policy", "allkeys-lru");
  const path = join(folder.path, "couponlive.db");
  const database = await openDatabase(path);
  await createEvent(database, { name: "large", stock: 1_000_000 });
  database.close();
  const before = readdirSync(folder.path);

  const found = await examine(folder.path, "--redis", redis.url);
  expect(found).toMatchObject({ exitCode: EXIT.failed, ok: false, measured: null });
  expect(found.find("redis eviction")?.status).toBe("fail");
  expect(found.find("redis persistence")?.says).toContain("everysec");
  expect(found.find("redis memory")?.advice).toContain("1000000 coupons need 100 MB");
  expect(found.find("database")?.status).toBe("ok");
  expect(found.stderr).toContain("1 check failed");
  expect(readdirSync(folder.path)).toEqual(before);

  await client.config("SET", "maxmemory", "0");
  await client.config("SET", "appendonly", "no");
  const without = await examine(folder.path, "--redis", redis.url, "--quick");
  expect(without.exitCode).toBe(EXIT.ok);
  expect(without.find("redis eviction")?.status).toBe("ok");
  expect(without.find("redis persistence")).toMatchObject({ status: "warn" });
  await client.replicaof("127.0.0.1", 1);
  const replica = await examine(folder.path, "--redis", redis.url, "--quick");
  expect(replica.find("redis role")?.status).toBe("fail");
});
