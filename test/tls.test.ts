/** `couponlive serve` with a certificate, as clients and operators meet it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "./support/program.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { TestServer } from "./support/server.ts";
import { temporaryDirectory } from "./support/temp.ts";

const CERT = join(import.meta.dir, "tls", "localhost.crt");
const KEY = join(import.meta.dir, "tls", "localhost.key");
const FLAGS = ["--tls-cert", CERT, "--tls-key", KEY];

describe("a server with a certificate", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis({ persistence: "none" });
  });
  afterAll(() => redis.stop());

  for (const engine of ["embedded", "redis"] as const) {
    test(`on ${engine} serves HTTP/1.1 and HTTP/2 over TLS`, async () => {
      const engineFlags = engine === "redis" ? ["--redis", redis.url, "--workers", "2"] : [];
      await using server = await TestServer.create([...FLAGS, ...engineFlags]);
      await server.start();
      expect(server.url).toStartWith("https://");
      for (const protocol of ["http1.1", "http2"] as const) {
        const response = await fetch(`${server.url}/healthz`, {
          protocol,
          tls: { ca: Bun.file(CERT) },
        });
        expect(response.status).toBe(200);
      }
    });
  }
});

describe("serve refuses to start", () => {
  const nonsense = "nonsense.pem";
  const refusals: [name: string, flags: string[], says: string][] = [
    ["with a certificate alone", ["--tls-cert", CERT], "give both --tls-cert and --tls-key"],
    ["with a file that is not there", ["--tls-cert", CERT, "--tls-key", "gone.key"], "gone.key"],
    [
      "with a certificate that is none",
      ["--tls-cert", nonsense, "--tls-key", KEY],
      "no certificate",
    ],
    ["with a key that is none", ["--tls-cert", CERT, "--tls-key", nonsense], "no private key"],
  ];
  test.each(refusals)("%s", async (_name, flags, says) => {
    using cwd = temporaryDirectory();
    writeFileSync(join(cwd.path, nonsense), "nonsense");
    const result = await runProgram(["serve", "--port", "0", ...flags], {
      env: { COUPONLIVE_JWT_SECRET: "x".repeat(32) },
      cwd: cwd.path,
    });
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toContain(says);
    expect(result.stderr.trim().split("\n")).toHaveLength(1);
  });
});
