import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { CliError } from "../exit-codes.ts";

interface CompareFlags {
  readonly json?: true;
}

const help = `
Example:
  couponlive simulate --json before.json
  couponlive simulate --json after.json
  couponlive simulate compare before.json after.json

The ratio is the second figure over the first. Neither verdict changes the exit code.`;

/** Adds `couponlive simulate compare`. */
export function addCompareCommand(simulate: Command): void {
  simulate
    .command("compare")
    .description("show two runs side by side, with ratios")
    .argument("<first>", "a file that simulate --json wrote")
    .argument("<second>", "another one")
    .option("--json", "write the comparison as JSON")
    .addHelpText("after", help)
    .action(compare);
}

async function compare(first: string, second: string, flags: CompareFlags): Promise<void> {
  const { compareReports, comparisonLines, readReport } = await import("../sim/compare.ts");
  const [a, b] = [
    readReport(await read(first), first),
    readReport(await read(second), second),
  ] as const;
  const comparison = compareReports(a, b);
  const text =
    flags.json === true
      ? JSON.stringify(comparison, null, 2)
      : comparisonLines(comparison, first, second).join("\n");
  process.stdout.write(`${text}\n`);
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(
      `${file} could not be read (${why}): name a file that simulate --json wrote`,
    );
  }
}
