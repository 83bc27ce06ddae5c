/** Where a run is kept: its report as JSON and as a page, its series, its histograms. */
import { appendFile, writeFile } from "node:fs/promises";
import { CliError, EXIT } from "../exit-codes.ts";
import { htmlReport } from "./html/page.ts";
import { hdrText } from "./report-hdr.ts";
import type { RunResult } from "./run.ts";
import { seriesText } from "./series-reading.ts";

/** Files by what is written to them; `-` for stdout. */
export interface ReportFiles {
  readonly json?: string;
  readonly html?: string;
  readonly series?: string;
  readonly hdr?: string;
}

const STDOUT = "-";

/** How each is written. */
const WRITERS = {
  json: ({ report }: RunResult) => `${JSON.stringify(report, null, 2)}\n`,
  html: htmlReport,
  series: ({ series }: RunResult) => seriesText(series),
  hdr: ({ tally }: RunResult) => hdrText(tally),
} as const satisfies Record<keyof ReportFiles, (result: RunResult) => string>;

const KINDS = ["json", "html", "series", "hdr"] as const satisfies (keyof ReportFiles)[];

/**
 * Makes sure of the files before the run, since a run cannot be repeated as it was.
 *
 * @throws CliError (usage) when one cannot be written, or two go to stdout
 */
export async function requireWritable(files: ReportFiles): Promise<void> {
  const onStdout = KINDS.filter((kind) => files[kind] === STDOUT).map((kind) => `--${kind}`);
  if (onStdout.length > 1) {
    throw new CliError(
      `${onStdout.join(" and ")} cannot share stdout: name a file for one of them`,
    );
  }
  for (const kind of KINDS) {
    const file = files[kind];
    if (file === undefined || file === STDOUT) continue;
    await orExplain(`--${kind} ${file}`, EXIT.usage, () => appendFile(file, ""));
  }
}

/** Writes what was asked for. */
export async function keepReport(result: RunResult, files: ReportFiles): Promise<void> {
  for (const kind of KINDS) {
    const file = files[kind];
    if (file === undefined) continue;
    const text = WRITERS[kind](result);
    if (file === STDOUT) process.stdout.write(text);
    else await orExplain(`--${kind} ${file}`, EXIT.failed, () => writeFile(file, text));
  }
}

async function orExplain(
  what: string,
  exitCode: typeof EXIT.usage | typeof EXIT.failed,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`${what} could not be written (${why}): name another file`, exitCode);
  }
}
