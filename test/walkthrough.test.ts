/** scripts/walkthrough plays a campaign with the binary, on both engines, and leaves nothing. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUILD_LIMIT_MS, builtBinary } from "./support/binary.ts";
import { killAtEnd } from "./support/last-will.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { temporaryDirectory } from "./support/temp.ts";

// It waits for windows, which it makes longer on a slow machine.
setDefaultTimeout(300_000);

const SCRIPT = join(import.meta.dir, "..", "scripts", "walkthrough");

let binary: string;
let redis: TestRedis;

beforeAll(async () => {
  binary = await builtBinary();
  redis = await startRedis({ persistence: "none" });
}, BUILD_LIMIT_MS);

afterAll(async () => {
  await redis?.stop();
});

/**
 * Runs it to the end, or until it has printed `stopAt` and was asked to stop. Returns what is left
 * in the folder for temporary files. Whatever it started holds its stdout open as another file, so
 * this does not return before all of that is gone.
 */
async function walk(args: readonly string[], stopAt?: string) {
  using folder = temporaryDirectory();
  const child = Bun.spawn(["bash", "-c", 'exec 9>&1; exec "$0" "$@"', SCRIPT, ...args], {
    env: { ...process.env, TMPDIR: folder.path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  killAtEnd(child);
  const decoder = new TextDecoder();
  let stdout = "";
  for await (const chunk of child.stdout) {
    stdout += decoder.decode(chunk, { stream: true });
    if (stopAt !== undefined && stdout.includes(stopAt)) child.kill("SIGTERM");
  }
  const stderr = await child.stderr.text();
  return { exitCode: await child.exited, stdout, stderr, left: readdirSync(folder.path) };
}

const wellDone = {
  exitCode: 0,
  stdout: expect.stringMatching(/the campaign went as it should\n$/),
  stderr: "",
  left: [],
};

// All at once: what they do most is to wait for a window.
describe("the walkthrough", () => {
  test.concurrent("on the embedded engine", async () => {
    expect(await walk(["--binary", binary])).toEqual(wellDone);
  });

  test.concurrent("on Redis, with two web processes", async () => {
    expect(await walk(["--binary", binary, "--redis", redis.url])).toEqual(wellDone);
  });

  test.concurrent("stops at the first thing that is wrong", async () => {
    using folder = temporaryDirectory();
    const broken = join(folder.path, "couponlive");
    writeFileSync(
      broken,
      `#!/bin/sh\n[ "$1 $2" = "event create" ] && set -- "$@" --stock 5\nexec ${binary} "$@"\n`,
    );
    chmodSync(broken, 0o755);
    expect(await walk(["--binary", broken])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/an event is made: .*\n$/),
      stderr: expect.stringMatching(/^walkthrough: a command did not print «"stock": 4»: /),
      left: [],
    });
  });

  test.concurrent("leaves nothing when the server does not start", async () => {
    const unreachable = ["--redis", "redis://127.0.0.1:1"];
    expect(await walk(["--binary", binary, ...unreachable])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^walkthrough: the server ended\n.* cannot be used: .*\n/),
      left: [],
    });
  });

  test.concurrent("leaves nothing when it is broken off", async () => {
    expect(await walk(["--binary", binary], "alice and bob press")).toMatchObject({
      exitCode: 143,
      stderr: "",
      left: [],
    });
  });
});
