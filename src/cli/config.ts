/** `couponlive config`: every setting, its value and where that came from. */
import type { Command } from "commander";
import { readServeConfig, type SettingFlags, type SettingState, settingStates } from "../config.ts";
import { CliError } from "../exit-codes.ts";
import { print } from "./database-command.ts";
import { addSettingOptions } from "./setting-options.ts";
import { formatTable } from "./table.ts";

type ConfigFlags = SettingFlags & { readonly json?: true };

const example = `
Examples:
  couponlive config
  COUPONLIVE_PORT=9000 couponlive config --workers 4 --json

Secrets are masked. Nothing is opened and nothing is written: \`couponlive doctor\` tries the settings.
Exit code 0 when every setting can be read, 2 when one is wrong.`;

/** Adds `couponlive config`. */
export function addConfigCommand(program: Command): void {
  const command = program
    .command("config")
    .description("Prints every setting, its value, and where it came from.");
  addSettingOptions(command)
    .option("--json", "print JSON")
    .addHelpText("after", example)
    .action((flags: ConfigFlags) => {
      const states = settingStates(flags);
      print(flags.json ? states : settingTable(states));
      const problems = states.flatMap(({ problem }) => problem ?? []);
      if (problems.length > 0) throw new CliError(problems.join("; "));
      // What the settings must be together.
      readServeConfig(flags);
    });
}

function settingTable(states: readonly SettingState[]): string {
  const rows = states.map(({ flag, variable, value, source, problem }) => [
    variable,
    value === null ? "(not set)" : String(value),
    source === "flag" ? `flag ${flag}` : source,
    problem === null ? "" : "cannot be used",
  ]);
  return formatTable([["SETTING", "VALUE", "FROM", ""], ...rows]);
}
