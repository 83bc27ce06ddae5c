/** The real program over TLS and HTTP/2: certificates that are trusted, are not, or need not be. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { runProgram } from "../../test/support/program.ts";
import { TestServer } from "../../test/support/server.ts";
import { EXIT } from "../exit-codes.ts";
import { type Report, reportSchema } from "../sim/report.ts";

setDefaultTimeout(60_000);

const CERT = join(import.meta.dir, "../../test/tls/localhost.crt");
const KEY = join(import.meta.dir, "../../test/tls/localhost.key");
/** Some of them come twice, and some find nothing left. */
const CROWD = ["--users", "60", "--tps", "200", "--duration", "500ms", "--connections", "4"];
const TRUSTED = { NODE_EXTRA_CA_CERTS: CERT };

async function simulate(flags: readonly string[], env: Record<string, string>): Promise<Report> {
  const { stdout, stderr } = await runProgram(["simulate", ...CROWD, ...flags, "--json", "-"], {
    env,
  });
  expect(stderr).not.toContain("couponlive: ");
  return reportSchema.parse(JSON.parse(stdout));
}

function expectRight(report: Report, config: Partial<Report["config"]>): void {
  expect(report.config).toMatchObject(config);
  expect(report.outcomes).toMatchObject({ issued: 40, error: 0, unknown: 0 });
  expect(report.outcomes.alreadyIssued + report.outcomes.soldOut).toBe(60);
  expect(report.connectionsLost).toBe(0);
  expect(report.verification.checks.filter((check) => !check.ok)).toEqual([]);
  // Several runs at once on a slow machine may not hold their rate.
  expect(["PASS", "INVALID"]).toContain(report.verdict);
}

test.concurrent("HTTP/2 with prior knowledge, on a server of the run's own", async () => {
  const report = await simulate(["--http", "2", "--streams", "8", "--stock", "40"], {});
  expectRight(report, { http: "2", streams: 8, engine: "embedded" });
});

describe("a server with a certificate of a private authority", () => {
  let server: TestServer;
  /** What reads the ledger over HTTPS: no database is named. */
  let secret: Record<string, string>;

  beforeAll(async () => {
    server = await TestServer.create(["--tls-cert", CERT, "--tls-key", KEY]);
    await server.start();
    secret = { COUPONLIVE_JWT_SECRET: server.env["COUPONLIVE_JWT_SECRET"] ?? "" };
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  /** The options that name the server and an event of this test's own. */
  async function target(id: string): Promise<string[]> {
    await server.openEvent({ id, name: id, stock: 40 });
    return ["--url", server.url, "--event", id];
  }

  test.concurrent("HTTP/1.1, the authority named, the database too", async () => {
    const flags = [...(await target("one")), "--http", "1.1"];
    const report = await simulate(flags, { ...server.env, ...TRUSTED });
    expectRight(report, { http: "1.1", url: server.url, engine: null });
  });

  test.concurrent("HTTP/2, the authority named, the ledger read from the server", async () => {
    const flags = [...(await target("two")), "--http", "2"];
    expectRight(await simulate(flags, { ...secret, ...TRUSTED }), { http: "2", url: server.url });
  });

  test.concurrent("HTTP/2, the certificate unseen", async () => {
    const flags = [...(await target("unseen")), "--http", "2", "--insecure"];
    expectRight(await simulate(flags, secret), { http: "2", url: server.url });
  });

  for (const reads of ["its database", "the server"] as const) {
    test.concurrent(`is refused where nobody vouches for it; the ledger is read from ${reads}`, async () => {
      const flags = [...CROWD, ...(await target(reads === "the server" ? "http" : "sql"))];
      const env = reads === "the server" ? secret : server.env;
      const result = await runProgram(["simulate", ...flags], { env });
      expect(result.exitCode).toBe(EXIT.failed);
      expect(result.stderr).toBe(
        `couponlive: the certificate of ${server.url} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT): NODE_EXTRA_CA_CERTS names the file of a private authority, --insecure takes any certificate\n`,
      );
      expect(result.stdout).toBe("");
    });
  }
});
