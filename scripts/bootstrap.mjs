/**
 * Behind `npm run demo`, `npm test`, `npm run build` and `npm run -s couponlive`: sets up what the
 * machine lacks, then runs the program, or every check, on the pinned Bun.
 *
 *   node scripts/bootstrap.mjs couponlive [arguments]    the command line, in the caller's folder
 *   node scripts/bootstrap.mjs test [arguments]          every check; arguments go to `bun test`
 *   node scripts/bootstrap.mjs build [arguments]         makes the single binary
 *   node scripts/bootstrap.mjs test-binary [arguments]   the end-to-end tests, against the binary
 */
import { join } from "node:path";
import { runChecks } from "./checks.mjs";
import { endAs, runChild } from "./child.mjs";
import {
  ensureBun,
  ensureChromium,
  ensureRedis,
  Interrupted,
  ROOT,
  SetupError,
  say,
} from "./setup.mjs";

async function couponlive(args) {
  const bun = await ensureBun();
  // npm runs scripts in the package's folder; the user's relative paths mean the caller's.
  const calledByNpm = process.cwd() === ROOT && process.env.INIT_CWD !== undefined;
  const { outcome } = await runChild(
    bun,
    // Neither settings nor secrets of whatever project the caller's folder belongs to.
    [
      `--config=${join(ROOT, "bunfig.toml")}`,
      "--no-env-file",
      join(ROOT, "src", "main.ts"),
      ...args,
    ],
    {
      cwd: calledByNpm ? process.env.INIT_CWD : process.cwd(),
      // React's development build, which ink would get otherwise, leaks in long runs.
      env: { NODE_ENV: "production", ...process.env },
    },
  );
  return outcome;
}

async function test(args) {
  const bun = await ensureBun();
  await ensureRedis();
  await ensureChromium();
  return await runChecks(bun, args);
}

async function build(args) {
  const bun = await ensureBun();
  return (await runChild(bun, [join(ROOT, "scripts", "build.ts"), ...args], {})).outcome;
}

async function testBinary(args) {
  const bun = await ensureBun();
  await ensureRedis();
  return (await runChild(bun, [join(ROOT, "scripts", "test-binary.ts"), ...args], {})).outcome;
}

const [task, ...args] = process.argv.slice(2);
const run = { couponlive, test, build, "test-binary": testBinary }[task];
try {
  if (run === undefined) {
    throw new SetupError("usage: bootstrap.mjs couponlive|test|build|test-binary [arguments]");
  }
  endAs(await run(args));
} catch (error) {
  if (error instanceof Interrupted) endAs(error.signal);
  else if (error instanceof SetupError) {
    say(error.message);
    endAs(1);
  } else throw error;
}
