/** The bootstrap on a machine that is set up: it must be no more than a door to the program. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { killAtEnd } from "../test/support/last-will.ts";
import { temporaryDirectory } from "../test/support/temp.ts";

const ROOT = join(import.meta.dir, "..");
const BOOTSTRAP = join(import.meta.dir, "bootstrap.mjs");

// On Node.js, as npm runs it, and on Bun, as on a machine without Node.js.
const node = Bun.which("node");
const runtimes = [process.execPath, ...(node === null ? [] : [node])];

/** Starts the bootstrap as npm does: in the checkout, with the caller's folder in INIT_CWD. */
function start(runtime: string, args: readonly string[], callersFolder: string) {
  const child = Bun.spawn([runtime, BOOTSTRAP, ...args], {
    cwd: ROOT,
    env: { ...process.env, INIT_CWD: callersFolder },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  killAtEnd(child);
  return child;
}

test.each(runtimes)(
  "%s: the program's output and exit code are handed on untouched",
  async (runtime) => {
    using folder = temporaryDirectory();
    const good = start(runtime, ["couponlive", "--version"], folder.path);
    expect(await good.stdout.text()).toMatch(/^couponlive \d+\.\d+\.\d+ \(.*\)\n$/);
    expect(await good.stderr.text()).toBe("");
    expect(await good.exited).toBe(0);

    const bad = start(runtime, ["couponlive", "--no-such-option"], folder.path);
    expect(await bad.stdout.text()).toBe("");
    expect(await bad.stderr.text()).toContain("--no-such-option");
    expect(await bad.exited).toBe(2);
  },
);

test.each(runtimes)("%s: a relative path means the caller's folder", async (runtime) => {
  using folder = temporaryDirectory();
  const create = ["couponlive", "event", "create", "--name", "X", "--db", "x.db"];
  expect(await start(runtime, create, folder.path).exited).toBe(0);
  expect(existsSync(join(folder.path, "x.db"))).toBe(true);
});

test.each(runtimes)(
  "%s: SIGTERM reaches the server, which ends in its own way",
  async (runtime) => {
    using folder = temporaryDirectory();
    const serve = ["couponlive", "serve", "--dev", "--port", "0", "--db", "x.db"];
    const server = start(runtime, serve, folder.path);
    const reader = server.stdout.getReader();
    let said = "";
    while (!said.includes("listening")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the server ended: ${said}`);
      said += new TextDecoder().decode(value);
    }
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  },
);

test("the closing line counts what Bun's report counts", async () => {
  using folder = temporaryDirectory();
  const report = join(folder.path, "report.xml");
  await Bun.write(
    join(folder.path, "sample.test.ts"),
    `import { expect, test } from "bun:test";
     test("passes", () => {});
     test("passes too", () => {});
     test("fails", () => { expect(1).toBe(2); });
     test.skip("is skipped", () => {});`,
  );
  const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
  const run = Bun.spawn([process.execPath, "test", ...reporter], {
    cwd: folder.path,
    stdout: "ignore",
    stderr: "ignore",
  });
  await run.exited;
  const count = `import { countTests } from ${JSON.stringify(join(import.meta.dir, "checks.mjs"))};
    console.log(JSON.stringify([countTests(process.argv[1]), countTests("no such file")]));`;
  const counter = Bun.spawn([process.execPath, "-e", count, report], { stdout: "pipe" });
  expect(await counter.stdout.json()).toEqual([
    { passed: 2, failed: 1, skipped: 1 },
    { passed: 0, failed: 0, skipped: 0 },
  ]);
});
