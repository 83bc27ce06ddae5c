/**
 * Measures how soon `couponlive serve` listens, from the single binary and from the source.
 *
 *     npm run build && bun scripts/bench/startup.ts [--runs 11] [--binary dist/couponlive]
 *
 * Each run starts the server on the embedded engine, in an empty folder with an empty environment,
 * with and without a database that is there already, and is timed from the fork until the line that
 * says «listening» can be read. The CPU time of that span stands beside it: on a machine that does
 * other work too, it is the figure that holds still.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { processTreeCpuUs } from "../../src/sim/cpu.ts";
import { median } from "./median.ts";

/** What the project promises for the binary. */
const GOAL_MS = 150;
const ENTRY = join(import.meta.dir, "..", "..", "src", "main.ts");

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "11" },
    binary: { type: "string", default: join(import.meta.dir, "..", "..", "dist", "couponlive") },
  },
});
const RUNS = Number(options.runs);

interface Start {
  readonly wallMs: number;
  /** User and system time of all threads; in steps of 10 ms, as Linux tells it. */
  readonly cpuMs: number | undefined;
}

/** Starts the server once, and ends it when it listens. @throws Error when it does not listen */
async function start(command: readonly string[], folder: string): Promise<Start> {
  const startedAtMs = performance.now();
  const child = Bun.spawn([...command, "serve", "--port", "0", "--dev"], {
    cwd: folder,
    env: { NODE_ENV: "production" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  for await (const chunk of child.stdout) {
    output += Buffer.from(chunk).toString();
    if (output.includes('"listening"')) break;
  }
  const wallMs = performance.now() - startedAtMs;
  const cpuUs = processTreeCpuUs(child.pid);
  child.kill("SIGKILL");
  await child.exited;
  if (!output.includes('"listening"')) throw new Error(`it did not listen: ${output}`);
  return { wallMs, cpuMs: cpuUs === undefined ? undefined : cpuUs / 1_000 };
}

/** The runs of one command, each with a new database or all with the same one. */
async function measure(command: readonly string[], database: "new" | "kept"): Promise<Start[]> {
  const folders = Array.from({ length: database === "new" ? RUNS : 1 }, newFolder);
  try {
    // Once unmeasured: the first start reads the program from the disk, and makes the kept database.
    const rehearsal = newFolder();
    await start(command, database === "new" ? rehearsal : (folders[0] ?? rehearsal));
    rmSync(rehearsal, { recursive: true });
    const starts: Start[] = [];
    for (let run = 0; run < RUNS; run++) {
      starts.push(await start(command, folders[run % folders.length] ?? tmpdir()));
    }
    return starts;
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "couponlive-bench-"));
}

const commands = {
  "dist/couponlive serve": [resolve(options.binary)],
  "bun src/main.ts serve": [process.execPath, "--no-env-file", ENTRY],
};
process.stdout.write(`until «listening», median of ${RUNS} (goal of the binary: ${GOAL_MS} ms)\n`);
for (const [name, command] of Object.entries(commands)) {
  for (const database of ["new", "kept"] as const) {
    const starts = await measure(command, database);
    const walls = starts.map(({ wallMs }) => wallMs);
    const cpu = median(starts.flatMap(({ cpuMs }) => cpuMs ?? []));
    process.stdout.write(
      `${name}  ${database.padEnd(4)} database  ${median(walls).toFixed(0)} ms ` +
        `(best ${Math.min(...walls).toFixed(0)}, worst ${Math.max(...walls).toFixed(0)}), ` +
        `CPU ${cpu.toFixed(0)} ms\n`,
    );
  }
}
