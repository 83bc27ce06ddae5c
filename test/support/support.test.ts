/** The tests' own tools: each must leave nothing behind, however the test run ends. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { runProgram, startProgram } from "./program.ts";
import { startRedis } from "./redis.ts";
import { temporaryDirectory } from "./temp.ts";

const SUPPORT = import.meta.dir;

/** Waits until the condition holds; the test's own time limit ends it otherwise. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(5);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a temporary folder goes at the end of its scope, with what is in it", async () => {
  let path: string;
  {
    using directory = temporaryDirectory();
    path = directory.path;
    await Bun.write(join(path, "file"), "x");
    expect(existsSync(path)).toBe(true);
  }
  expect(existsSync(path)).toBe(false);
});

test("Redis keeps its port and, with an append-only file, its data over a crash", async () => {
  await using redis = await startRedis({ persistence: "aof-always" });
  const client = new Redis(redis.url);
  client.on("error", () => {});
  await client.set("key", "value");
  await redis.kill("SIGKILL");
  await redis.restart();
  expect(await client.get("key")).toBe("value");
  client.disconnect();
});

test("Redis without persistence forgets when it restarts", async () => {
  await using redis = await startRedis({ persistence: "none" });
  const client = new Redis(redis.url);
  client.on("error", () => {});
  await client.set("key", "value");
  await redis.restart();
  expect(await client.get("key")).toBeNull();
  client.disconnect();
});

test("a port that is taken is a clear error", async () => {
  await using redis = await startRedis({ persistence: "none" });
  const second = startRedis({ persistence: "none", port: redis.port });
  expect(second).rejects.toThrow(`port ${redis.port} is taken`);
  await second.catch(() => {});
});

test("a test runner that is killed leaves neither processes nor folders behind", async () => {
  const runner = Bun.spawn([process.execPath, join(SUPPORT, "forgetful-runner.ts")], {
    stdout: "pipe",
  });
  const reader = runner.stdout.getReader();
  const { value } = await reader.read();
  const [redisPid, sleeperPid, directory] = new TextDecoder().decode(value).trim().split(" ");
  if (directory === undefined) throw new Error("the runner reported nothing");
  const remains = () => [
    isRunning(Number(redisPid)),
    isRunning(Number(sleeperPid)),
    existsSync(directory),
  ];
  expect(remains()).toEqual([true, true, true]);

  runner.kill("SIGKILL");
  await until(() => !remains().includes(true));
});

test("a program runs to its end with its exit code and both its streams", async () => {
  const help = await runProgram(["--help"]);
  expect(help.exitCode).toBe(0);
  expect(help.stdout).toContain("Usage: couponlive");
  const unknown = await runProgram(["--no-such-option"]);
  expect(unknown.exitCode).toBe(2);
  expect(unknown.stdout).toBe("");
  expect(unknown.stderr).toContain("--no-such-option");
});

test("waiting for a line that never comes is an error that shows the output", async () => {
  await using program = startProgram(["--version"]);
  await program.readUntil(/^couponlive \d+\.\d+\.\d+ /);
  await expect(program.readUntil(/never/)).rejects.toThrow("ended without a line that matches");
});
