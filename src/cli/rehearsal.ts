/** What `simulate` and `demo` share: their options, the view of the run, and where the report goes. */
import type { Command } from "commander";
import isInCi from "is-in-ci";
import type { Expectation } from "../sim/expectations.ts";
import type { Report } from "../sim/report.ts";
import type { RunObserver, RunOptions } from "../sim/run.ts";
import { frameSize } from "../sim/tui/frame-size.ts";
import { isInBackground } from "./foreground.ts";

/** On two cores a second generator thread would take its time from the server. */
const FEW_CORES = 2;
export const DEFAULT_CONNECTIONS = 128;
export const DEFAULT_SEED = 1;
/** Where the program's own arguments begin in `process.argv`. */
const FIRST_ARGUMENT = 2;

export interface ViewFlags {
  readonly plain?: true;
  /** Files; `-` for stdout. */
  readonly json?: string;
  readonly html?: string;
  readonly series?: string;
  readonly hdr?: string;
  readonly expect?: readonly string[];
}

/** Adds what every rehearsal offers to be seen and kept by. */
export function addViewOptions(command: Command): Command {
  return command
    .option("--plain", "print a line a second, even on a terminal")
    .option("--json <file>", "write the report as JSON; - for stdout")
    .option("--html <file>", "write the report as a page with charts")
    .option("--series <file>", "write the course of the run, a line of JSON each 100 ms")
    .option("--hdr <file>", "write the latency percentiles for HdrHistogram plotters")
    .option(
      "--expect <threshold>",
      "such as 'issued==100000' or 'p99(issued)<50ms'; may be repeated",
      (text: string, others: readonly string[] = []) => [...others, text],
    );
}

export function defaultLoadWorkers(): number {
  const cores = navigator.hardwareConcurrency;
  return cores <= FEW_CORES ? 1 : Math.max(1, Math.floor(cores / 2));
}

/**
 * Runs, shows and reports. The first Ctrl-C ends the load and the run is still judged; a second one
 * ends the program, with the server and the database that it made for itself.
 *
 * @throws CliError before the run, when a threshold cannot be read or a file cannot be written
 */
export async function rehearse(
  options: Omit<RunOptions, "command" | "expectations">,
  flags: ViewFlags,
): Promise<Report> {
  const [
    { runSimulation },
    { LastResort },
    { reportLines },
    { keepReport, requireWritable },
    { commandLine },
  ] = await Promise.all([
    import("../sim/run.ts"),
    import("../sim/last-resort.ts"),
    import("../sim/report-text.ts"),
    import("../sim/report-files.ts"),
    import("../sim/report-machine.ts"),
  ]);
  const expectations = await readExpectations(flags.expect);
  await requireWritable(flags);
  const command = commandLine(process.argv.slice(FIRST_ARGUMENT));
  const stop = new AbortController();
  const lastResort = new LastResort();
  const onSignal = (signal: NodeJS.Signals) => {
    if (!stop.signal.aborted) return stop.abort();
    lastResort.act();
    // The default does its work, after the view has given the terminal back.
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    process.kill(process.pid, signal);
  };
  // Not `once`: the view's own listener ends the program when it finds that nobody else listens.
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    const observer = await createObserver(flags, stop);
    const result = await runSimulation(
      { ...options, command, expectations },
      observer,
      stop.signal,
      lastResort,
    );
    const text = `\n${reportLines(result.report).join("\n")}\n`;
    const out = wantsStdout(flags) ? process.stderr : process.stdout;
    out.write(text);
    await keepReport(result, flags);
    return result.report;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

async function readExpectations(texts: readonly string[] = []): Promise<Expectation[]> {
  if (texts.length === 0) return [];
  const { parseExpectation } = await import("../sim/expectations.ts");
  return texts.map(parseExpectation);
}

/** Whether stdout belongs to a file for other programs. */
function wantsStdout({ json, html, series, hdr }: ViewFlags): boolean {
  return [json, html, series, hdr].includes("-");
}

async function createObserver(flags: ViewFlags, stop: AbortController): Promise<RunObserver> {
  const { stdin, stdout, stderr } = process;
  const wantsView = flags.plain !== true && !wantsStdout(flags);
  if (wantsView && canShowView(stdin, stdout)) {
    const { InkView } = await import("../sim/tui/ink-view.tsx");
    return new InkView(stop);
  }
  const { PlainView } = await import("../sim/plain-view.ts");
  return new PlainView((line) => stderr.write(`${line}\n`));
}

/**
 * Whether a live view can be shown. ink draws nothing where the environment says that this is a build's
 * terminal (`CI`), and a program in the background is stopped when it sets the terminal up.
 */
export function canShowView(stdin: NodeJS.ReadStream, stdout: NodeJS.WriteStream): boolean {
  const isTerminal = stdout.isTTY && stdin.isTTY && !isInCi;
  return isTerminal && frameSize(stdout) !== undefined && !isInBackground();
}
