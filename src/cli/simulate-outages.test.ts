/** The real program against servers that die, or whose ledger takes nothing any more. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { blockLedger, unblockLedger } from "../../test/support/ledger.ts";
import { startProgram } from "../../test/support/program.ts";
import { startRedis } from "../../test/support/redis.ts";
import { TestServer } from "../../test/support/server.ts";
import { EXIT } from "../exit-codes.ts";
import { type Report, reportSchema } from "../sim/report.ts";

setDefaultTimeout(60_000);

const CROWD = ["--users", "100", "--tps", "200", "--connections", "4"];

interface Outage {
  /** The line of the run at which the server is killed. */
  readonly at: RegExp;
  readonly flags?: readonly string[];
  /** While the run stands still. */
  readonly beforeIt?: () => Promise<void>;
}

/** A run against the server, which is killed. */
async function simulate(
  server: TestServer,
  env: Record<string, string>,
  { at, flags = [], beforeIt }: Outage,
): Promise<Report> {
  const target = ["--url", server.url, "--event", "outage", ...flags, "--plain", "--json", "-"];
  await using program = startProgram(["simulate", ...CROWD, ...target], { env });
  await program.readUntil(at);
  if (beforeIt !== undefined) {
    program.signal("SIGSTOP");
    await beforeIt();
  }
  await server.program?.kill();
  program.signal("SIGCONT");
  const { stdout, stderr, exitCode } = await program.within(50_000);
  expect(stderr).not.toContain("couponlive: ");
  expect(exitCode).toBe(EXIT.failed);
  return reportSchema.parse(JSON.parse(stdout));
}

/** The check's line in the report. */
function summaryOf(report: Report, id: string): string | undefined {
  return report.verification.checks.find((check) => check.id === id)?.summary;
}

const failures = ({ verification }: Report) =>
  verification.checks.filter((check) => !check.ok).map(({ id }) => id);

describe("a server that dies breaks the run, and what has not reached the ledger accuses nobody", () => {
  const AFTER_THE_LOAD = /^waiting for the ledger/;
  const HINT =
    /^the server at \S+ does not answer any more, and the ledger may lack .*: start it again, .* `couponlive verify outage`/;

  test.concurrent("embedded; the judge has its database", async () => {
    await using server = await TestServer.create();
    await server.start();
    await server.openEvent({ id: "outage", name: "Outage", stock: 50 });
    await blockLedger(server.database);
    const report = await simulate(server, server.env, { at: AFTER_THE_LOAD });
    expect(report).toMatchObject({ verdict: "BROKEN", why: expect.stringMatching(HINT) });
    expect(report.outcomes).toMatchObject({ issued: 50, soldOut: 50 });
    expect(failures(report)).toEqual(["outbox-empty"]);
    expect(summaryOf(report, "told-kept")).toBe(
      "0 promises are in the ledger, 50 not judged: the ledger has not drained",
    );
  });

  test.concurrent("embedded, in the midst of the run; the judge has nothing but the server", async () => {
    await using server = await TestServer.create();
    await server.start();
    await server.openEvent({ id: "outage", name: "Outage" });
    const env = { COUPONLIVE_JWT_SECRET: server.env["COUPONLIVE_JWT_SECRET"] ?? "" };
    const report = await simulate(server, env, { flags: ["--duration", "2s"], at: /^1 s / });
    expect(report).toMatchObject({ verdict: "BROKEN", why: expect.stringMatching(HINT) });
    expect(report.outcomes.issued).toBeGreaterThan(0);
    expect(report.ledger.unsent + report.outcomes.unknown).toBeGreaterThan(0);
    expect(failures(report)).toEqual([]);
    expect(report.verification.checks.map(({ id }) => id)).toContain("told-unique");
  });

  test.concurrent("embedded; its ledger had drained", async () => {
    await using server = await TestServer.create();
    await server.start();
    await server.openEvent({ id: "outage", name: "Outage" });
    await blockLedger(server.database);
    const report = await simulate(server, server.env, {
      at: AFTER_THE_LOAD,
      beforeIt: () => unblockLedger(server.database, "outage"),
    });
    expect(report.why).toBe(`the server at ${server.url} does not answer any more`);
    expect(report.verdict).toBe("BROKEN");
    expect(failures(report)).toEqual([]);
    expect(summaryOf(report, "told-kept")).toBe(
      "all 100 promises are in the ledger, rank and code",
    );
  });

  test.concurrent.each([true, false])(
    "redis; the judge has the database, and Redis: %p",
    async (namesRedis) => {
      await using redis = await startRedis({ persistence: "none" });
      await using server = await TestServer.create(["--redis", redis.url, "--workers", "1"]);
      await server.start();
      await server.openEvent({ id: "outage", name: "Outage", stock: 50 });
      await blockLedger(server.database);
      const flags = namesRedis ? ["--redis", redis.url] : [];
      const report = await simulate(server, server.env, { flags, at: AFTER_THE_LOAD });
      expect(report).toMatchObject({ verdict: "BROKEN", why: expect.stringMatching(HINT) });
      expect(report.outcomes).toMatchObject({ issued: 50, soldOut: 50 });
      expect(failures(report)).toEqual(namesRedis ? ["drained", "redis-in-ledger"] : []);
    },
  );
});
