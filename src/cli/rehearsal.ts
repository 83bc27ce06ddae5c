/** What `simulate` and `demo` share: their numbers, the view of the run, and where the report goes. */
import { writeFile } from "node:fs/promises";
import { CliError, EXIT } from "../exit-codes.ts";
import type { Report } from "../sim/report.ts";
import type { RunObserver, RunOptions } from "../sim/run.ts";

/** On two cores a second generator thread would take its time from the server. */
const FEW_CORES = 2;
export const DEFAULT_CONNECTIONS = 128;
export const DEFAULT_SEED = 1;

export interface ViewFlags {
  readonly plain?: true;
  /** A file, or `-` for stdout. */
  readonly json?: string;
}

export function defaultLoadWorkers(): number {
  const cores = navigator.hardwareConcurrency;
  return cores <= FEW_CORES ? 1 : Math.max(1, Math.floor(cores / 2));
}

/**
 * Runs, shows and reports. The first Ctrl-C ends the load and the run is still judged; a second one
 * ends the program.
 */
export async function rehearse(options: RunOptions, flags: ViewFlags): Promise<Report> {
  const [{ runSimulation }, { reportLines }] = await Promise.all([
    import("../sim/run.ts"),
    import("../sim/report-text.ts"),
  ]);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    const observer = await createObserver(flags, () => stop.abort());
    const report = await runSimulation(options, observer, stop.signal);
    const text = `\n${reportLines(report).join("\n")}\n`;
    if (flags.json === "-") process.stderr.write(text);
    else process.stdout.write(text);
    await writeReport(report, flags.json);
    return report;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

async function createObserver(flags: ViewFlags, onStop: () => void): Promise<RunObserver> {
  const { stdin, stdout, stderr } = process;
  if (flags.plain !== true && flags.json !== "-" && stdout.isTTY && stdin.isTTY) {
    const { InkView } = await import("../sim/tui/ink-view.tsx");
    return new InkView(onStop);
  }
  const { PlainView } = await import("../sim/plain-view.ts");
  return new PlainView((line) => stderr.write(`${line}\n`));
}

async function writeReport(report: Report, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (file === "-") {
    process.stdout.write(text);
    return;
  }
  try {
    await writeFile(file, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`the report could not be written (${why}): name another file`, EXIT.failed);
  }
}
