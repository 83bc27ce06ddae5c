/**
 * Builds the binary and runs the end-to-end tests with it in place of the source: `npm run
 * test:binary`, or with the names of some test files.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const BINARY = join(ROOT, "dist", "couponlive");
const TEST_LIMIT_MS = 30_000;

/** The test files that start the program (test/support/program.ts) or a server of it. */
function endToEndTests(): string[] {
  return ["src", "test"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .map((name) => join(folder, name))
      .filter((path) => /\.test\.tsx?$/.test(path) && startsProgram(path)),
  );
}

function startsProgram(path: string): boolean {
  return /support\/(program|server)\.ts"/.test(readFileSync(join(ROOT, path), "utf8"));
}

/** Runs Bun with these arguments in the checkout; returns its exit code. */
async function bun(args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["inherit", "inherit", "inherit"],
  });
  return await child.exited;
}

const named = process.argv.slice(2);
const files = named.length > 0 ? named : endToEndTests();
process.exitCode =
  (await bun([join("scripts", "build.ts"), "--outfile", BINARY])) ||
  (await bun(["test", `--timeout=${TEST_LIMIT_MS}`, ...files], { COUPONLIVE_BIN: BINARY }));
