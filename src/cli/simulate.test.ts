/** The real program, its own server, real sockets: a rush on each engine, then the exit codes. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { type ProgramResult, runProgram, startProgram } from "../../test/support/program.ts";
import { startRedis, type TestRedis } from "../../test/support/redis.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../test/support/temp.ts";
import { EXIT } from "../exit-codes.ts";
import { type Report, reportSchema } from "../sim/report.ts";
import { exitCodeOf } from "../sim/report-verdict.ts";

/** Each test starts the program several times; a slow machine must not fail it. */
setDefaultTimeout(60_000);

let redis: TestRedis;
let directory: TemporaryDirectory;

beforeAll(async () => {
  directory = temporaryDirectory();
  redis = await startRedis({ persistence: "none" });
});

afterAll(async () => {
  await redis.stop();
  directory.remove();
});

/** TMPDIR of the program, so that what it leaves behind can be seen. */
const environment = () => ({ TMPDIR: directory.path });

/** A process that has ended may still be listed, until its parent has taken note. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);

const onLinux = test.skipIf(process.platform !== "linux");

function readReport({ stdout, stderr, exitCode }: ProgramResult): Report {
  expect(stderr).not.toContain("couponlive: ");
  const report = reportSchema.parse(JSON.parse(stdout));
  // A slow machine may not hold the rate; the giveaway is right all the same.
  expect(["PASS", "INVALID"]).toContain(report.verdict);
  expect(exitCode).toBe(exitCodeOf(report.verdict));
  return report;
}

function expectRightRush(report: Report): void {
  const { outcomes, ledger, verification } = report;
  expect(ledger).toEqual({ scheduled: 20_000, sent: 20_000, shed: 0, unsent: 0 });
  // 8,000 members, 5,000 coupons: 2.5 claims each, so half of the members claim a third time.
  expect(outcomes.issued).toBe(5_000);
  expect(outcomes.issued + outcomes.alreadyIssued + outcomes.soldOut).toBe(20_000);
  expect(outcomes.alreadyIssued).toBeGreaterThan(0);
  expect(verification.checks.filter((check) => !check.ok)).toEqual([]);
}

const RUSH = [
  "simulate",
  "--tps",
  "5000",
  "--users",
  "8000",
  "--duration",
  "4s",
  "--stock",
  "5000",
];

describe("a rush of 20,000 claims", () => {
  test("on the embedded engine", async () => {
    const report = readReport(await runProgram([...RUSH, "--json", "-"], { env: environment() }));
    expect(report.config.engine).toBe("embedded");
    expectRightRush(report);
    expect(readdirSync(directory.path).filter((name) => name.startsWith("couponlive-"))).toEqual(
      [],
    );
  });

  test("on Redis, with two web processes", async () => {
    const flags = ["--redis", redis.url, "--workers", "2", "--json", "-"];
    const report = readReport(await runProgram([...RUSH, ...flags], { env: environment() }));
    expect(report.config.engine).toBe("redis");
    expectRightRush(report);
    expect(report.verification.checks.map((check) => check.id)).toContain("redis-in-ledger");
    const client = new Redis(redis.url);
    expect(await client.keys(`*${report.config.eventId}*`)).toEqual([]);
    client.disconnect();
  });
});

test("a server that is there, an event that is there, and a file for the report", async () => {
  const db = join(directory.path, "there.db");
  const env = { ...environment(), COUPONLIVE_DB: db, COUPONLIVE_JWT_SECRET: "s".repeat(40) };
  await runProgram(["event", "create", "--name", "There", "--id", "there", "--stock", "100"], {
    env,
  });
  await runProgram(["event", "schedule", "there", "--now"], { env });
  await using server = startProgram(["serve", "--port", "0"], { env });
  const [, url = ""] = await server.readUntil(/"url":"([^"]+)".*"listening"/);
  const file = join(directory.path, "report.json");
  const flags = ["--event", "there", "--url", url, "--json", file];
  const crowd = ["--users", "50", "--tps", "100"];
  const first = await runProgram(["simulate", ...flags, ...crowd], { env });
  expect(first.stdout).toContain("50 issued, 0 told sold out");
  const second = await runProgram(["simulate", ...flags, ...crowd], { env });
  const report = reportSchema.parse(await Bun.file(file).json());
  // A busy machine may not hold even this rate.
  expect(["PASS", "INVALID"]).toContain(report.verdict);
  expect(second.stdout).toContain(`${report.verdict}: `);
  expect(report.config).toMatchObject({ engine: null, issuedBefore: 50, stock: 100 });
  expect(report.outcomes.alreadyIssued).toBe(50);

  const wrong = [
    { COUPONLIVE_JWT_SECRET: "t".repeat(40) },
    { COUPONLIVE_JWT_ISSUER: "another" },
    { COUPONLIVE_JWT_AUDIENCE: "another" },
  ];
  for (const setting of wrong) {
    const refused = await runProgram(["simulate", ...flags, ...crowd], {
      env: { ...env, ...setting },
    });
    expect(refused.exitCode).toBe(EXIT.usage);
    expect(refused.stdout).toBe("");
    expect(refused.stderr).toBe(
      `couponlive: the server at ${url} refuses the tokens that are signed here: COUPONLIVE_JWT_SECRET, COUPONLIVE_JWT_ISSUER and COUPONLIVE_JWT_AUDIENCE must be its own, and its clock right\n`,
    );
  }
});

test("SIGTERM ends the load; the run is judged, and nothing is left", async () => {
  await using program = startProgram(["simulate", "--tps", "100", "--duration", "60s", "--plain"], {
    env: environment(),
  });
  await program.readUntil(/^1 s /);
  const result = await program.stop();
  expect(result.exitCode).toBe(EXIT.invalid);
  expect(result.stdout).toContain("INVALID: the run was stopped before its end");
  expect(result.stdout).not.toContain("\u001b");
  expect(readdirSync(directory.path).filter((name) => name.startsWith("couponlive-"))).toEqual([]);
});

onLinux(
  "a server that is killed breaks the run, and what it had promised is in the ledger all the same",
  async () => {
    const flags = ["--tps", "2000", "--users", "4000", "--plain", "--json", "-"];
    await using program = startProgram(["simulate", ...flags], { env: environment() });
    await program.readUntil(/^1 s /);
    for (const pid of childrenOf(program.pid)) process.kill(pid, "SIGKILL");
    const result = await program.within(50_000);
    expect(result.exitCode).toBe(EXIT.failed);
    const report = reportSchema.parse(JSON.parse(result.stdout));
    expect(report.verdict).toBe("BROKEN");
    expect(report.outcomes.issued).toBeGreaterThan(0);
    expect(report.ledger.unsent + report.outcomes.unknown).toBeGreaterThan(0);
    expect(report.verification.checks.filter((check) => !check.ok)).toEqual([]);
  },
);

onLinux("a second Ctrl-C ends the program at once, and leaves nothing behind", async () => {
  const own = temporaryDirectory();
  await using program = startProgram(["simulate", "--tps", "500", "--duration", "60s"], {
    env: { TMPDIR: own.path },
  });
  await program.readUntil(/^1 s /);
  // The binary's Bun keeps a file of its own there.
  const folders = () => readdirSync(own.path).filter((name) => name.startsWith("couponlive-"));
  expect(folders()).toHaveLength(1);
  const children = childrenOf(program.pid);
  expect(children.filter(isRunning)).toHaveLength(1);
  program.signal("SIGINT");
  await program.readUntil(/^waiting for the ledger/);
  program.signal("SIGINT");
  expect((await program.ended).signal).toBe("SIGINT");
  expect(folders()).toEqual([]);
  expect(children.filter(isRunning)).toEqual([]);
  own.remove();
});

test("usage", async () => {
  const env = environment();
  const url = await runProgram(["simulate", "--url", "ftp://x"], { env });
  expect(url.exitCode).toBe(EXIT.usage);
  expect(url.stderr).toContain("write --url http://host:port");
  const event = await runProgram(
    ["simulate", "--event", "nowhere", "--db", join(directory.path, "x.db")],
    { env },
  );
  expect(event.exitCode).toBe(EXIT.failed);
  expect(event.stderr).toContain("there is no database at ");
  const elsewhere = await runProgram(
    ["simulate", "--url", "http://127.0.0.1:1", "--db", join(directory.path, "x.db")],
    { env: { ...env, COUPONLIVE_JWT_SECRET: "s".repeat(32) } },
  );
  expect(elsewhere.stderr).toBe(event.stderr);
  expect(readdirSync(directory.path)).not.toContain("x.db");
  const streams = await runProgram(["simulate", "--streams", "2"], { env });
  expect(streams.exitCode).toBe(EXIT.usage);
  const workers = await runProgram(["simulate", "--workers", "2"]);
  expect(workers.stderr).toBe(
    "couponlive: the embedded engine is one process: for --workers name a Redis with --redis\n",
  );
  expect(workers.exitCode).toBe(EXIT.usage);
  expect(streams.stderr).toContain("--streams needs --http 2");
  const streamless = await runProgram(["simulate", "--http", "2", "--pipeline", "2"], { env });
  expect(streamless.exitCode).toBe(EXIT.usage);
  expect(streamless.stderr).toContain("write --streams");
  const pipeline = await runProgram(["simulate", "--pipeline", "2"], { env });
  expect(pipeline.exitCode).toBe(EXIT.usage);
  expect(pipeline.stderr).toContain("--pipeline needs the --url");
  const insecure = await runProgram(["simulate", "--insecure"], { env });
  expect(insecure.exitCode).toBe(EXIT.usage);
  expect(insecure.stderr).toContain("it needs an https --url");
  const tps = await runProgram(["simulate", "--tps", "0"], { env });
  expect(tps.exitCode).toBe(EXIT.usage);
});
