/**
 * Makes the single binary: `npm run build`, `npm run build -- --target linux-arm64,darwin-arm64`.
 * For this machine it becomes dist/couponlive, for others dist/couponlive-<target>.
 */
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { readVersion } from "../src/version.ts";
import { embedding, findWorkers } from "./build/embedding.ts";
import { packageFolder } from "./build/packages.ts";
import { findTarget, hostTarget, TARGETS, type Target } from "./build/targets.ts";

const ROOT = join(import.meta.dir, "..");
const BYTES_PER_MB = 1_000_000;
const targetNames = TARGETS.map(({ name }) => name).join(", ");

/**
 * Compiles the program for the target.
 *
 * @throws Error that says why it cannot be made here
 */
async function build(target: Target, outfile: string, commit: string): Promise<void> {
  const isHost = target === hostTarget();
  const executable = join(packageFolder(target.bunPackage), "bin", "bun");
  const unfinished = `${outfile}.${process.pid}`;
  mkdirSync(dirname(outfile), { recursive: true });
  try {
    const { success, logs } = await Bun.build({
      entrypoints: [join(ROOT, "src", "main.ts"), ...findWorkers()],
      root: ROOT,
      target: "bun",
      // React's development build, which would be baked in otherwise, leaks in long runs.
      define: {
        "process.env.NODE_ENV": '"production"',
        COUPONLIVE_COMMIT: JSON.stringify(commit),
      },
      minify: { whitespace: true, syntax: true },
      // Compiled beforehand, and in parts of which a command loads only its own, the program starts
      // in well under half the time, for 8 MB (docs/decisions/single-binary.md).
      bytecode: true,
      splitting: true,
      format: "esm",
      plugins: [embedding(packageFolder(target.libsqlPackage))],
      compile: {
        outfile: unfinished,
        ...(isHost ? {} : { target: target.bun, executablePath: executable }),
        // The folder it runs in belongs to another project: nothing there is ours to read.
        autoloadDotenv: false,
        autoloadBunfig: false,
      },
    });
    if (!success) throw new Error(logs.join("\n"));
    // A program that runs keeps the file it was started from.
    renameSync(unfinished, outfile);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function report(line: string): void {
  process.stderr.write(`couponlive: ${line}\n`);
}

/** Makes one, and tells of it; returns whether that went well. */
async function buildAndTell({ target, outfile, commit }: Request): Promise<boolean> {
  const startedAtMs = performance.now();
  try {
    await build(target, outfile, commit);
  } catch (error) {
    const why = error instanceof AggregateError ? error.errors.join("; ") : error;
    report(`no binary for ${target.name}: ${why instanceof Error ? why.message : String(why)}`);
    return false;
  }
  const megabytes = Math.round(statSync(outfile).size / BYTES_PER_MB);
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  const tried = target === hostTarget() ? "" : "; not tried, since it does not run on this machine";
  report(
    `${relative(process.cwd(), outfile)}: ${target.name}, ${megabytes} MB, ${seconds} s${tried}`,
  );
  return true;
}

interface Request {
  readonly target: Target;
  readonly outfile: string;
  /** Empty where nobody knows it. */
  readonly commit: string;
}

/** What the command line asks for. @throws Error for what it may not ask */
function requested(): Request[] {
  const { values } = parseArgs({
    options: {
      target: { type: "string" },
      outfile: { type: "string" },
      // For a build outside of the checkout, such as in a container.
      commit: { type: "string", default: readVersion().commit ?? "" },
    },
  });
  const { commit } = values;
  if (values.target === undefined) {
    const target = hostTarget();
    if (target === undefined) {
      throw new Error(`this machine is none of ${targetNames}: name one by --target`);
    }
    return [{ target, outfile: values.outfile ?? join(ROOT, "dist", "couponlive"), commit }];
  }
  const names =
    values.target === "all" ? TARGETS.map(({ name }) => name) : values.target.split(",");
  if (values.outfile !== undefined && names.length > 1) {
    throw new Error("--outfile is for one target: leave it out, or name one");
  }
  return names.map((name) => {
    const target = findTarget(name);
    if (target === undefined) {
      throw new Error(`unknown target "${name}": choose of ${targetNames}, or all`);
    }
    return { target, outfile: values.outfile ?? join(ROOT, "dist", `couponlive-${name}`), commit };
  });
}

try {
  for (const request of requested()) {
    if (!(await buildAndTell(request))) process.exitCode = 1;
  }
} catch (error) {
  report(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
