/** The single binary, made here, does its work in an empty folder with an empty environment. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT } from "../src/exit-codes.ts";
import { readVersion } from "../src/version.ts";
import { BUILD_LIMIT_MS, builtBinary } from "./support/binary.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { type TemporaryDirectory, temporaryDirectory } from "./support/temp.ts";

setDefaultTimeout(60_000);

const MEMBERS = 600;
const STOCK = 400;

let extracted: TemporaryDirectory;
let binary: string;
let redis: TestRedis;

beforeAll(async () => {
  extracted = temporaryDirectory();
  binary = await builtBinary();
  redis = await startRedis({ persistence: "none" });
}, BUILD_LIMIT_MS);

afterAll(async () => {
  await redis?.stop();
  extracted?.remove();
});

/** Runs it as `env -i` would; Bun extracts the database's native module to TMPDIR. */
async function run(folder: string, ...args: string[]) {
  const child = Bun.spawn([binary, ...args], {
    cwd: folder,
    env: { TMPDIR: extracted.path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, stdout, stderr };
}

test("says which commit and which Bun it was made from", async () => {
  const { stdout } = await run(extracted.path, "--version", "--json");
  expect(JSON.parse(stdout)).toEqual(readVersion());
});

test("reads no settings of the project whose folder it runs in", async () => {
  using folder = temporaryDirectory();
  await Bun.write(join(folder.path, ".env"), "COUPONLIVE_PORT=1\n");
  await Bun.write(join(folder.path, "bunfig.toml"), 'preload = ["./not-there.ts"]\n');
  const { exitCode, stdout } = await run(folder.path, "config");
  expect(exitCode).toBe(EXIT.ok);
  expect(stdout).toMatch(/^COUPONLIVE_PORT +8080 +default$/m);
});

describe("a rush, its report and its proof", () => {
  for (const engine of ["embedded", "redis"] as const) {
    test.concurrent(`on ${engine}`, async () => {
      using folder = temporaryDirectory();
      const place = engine === "redis" ? ["--redis", redis.url] : [];
      await run(
        folder.path,
        "event",
        "create",
        "--name",
        "x",
        "--id",
        engine,
        "--stock",
        `${STOCK}`,
      );
      await run(folder.path, "event", "schedule", engine, "--now");
      const rush = await run(
        folder.path,
        ...["simulate", "--event", engine, "--users", `${MEMBERS}`, "--tps", "1500"],
        ...[...place, ...(engine === "redis" ? ["--workers", "2"] : [])],
        ...["--plain", "--html", "rush.html"],
      );
      // A slow machine may not hold the rate.
      expect<number[]>([EXIT.ok, EXIT.invalid], rush.stderr).toContain(rush.exitCode);
      const page = readFileSync(join(folder.path, "rush.html"), "utf8");
      expect(page).toContain("uPlot");
      const proof = await run(folder.path, "verify", engine, ...place);
      expect(proof).toMatchObject({ exitCode: EXIT.ok, stderr: "" });
      expect(proof.stdout).toMatch(new RegExp(` [1-9]\\d* issued, stock ${STOCK}`));
      const left = readdirSync(folder.path).filter((name) => !name.startsWith("couponlive.db"));
      expect(left).toEqual(["rush.html"]);
    });
  }
});
