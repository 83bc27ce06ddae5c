#!/usr/bin/env bun
/** The entry: the commander program. Each command's file loads what is heavy only when it runs. */
import { Command, CommanderError } from "commander";
import { addCompletionCommand } from "./cli/completion/command.ts";
import { addConfigCommand } from "./cli/config.ts";
import { addDemoCommand } from "./cli/demo.ts";
import { addDoctorCommand } from "./cli/doctor.ts";
import { addEventCommand } from "./cli/event.ts";
import { addHealthcheckCommand } from "./cli/healthcheck.ts";
import { addHelpCommands } from "./cli/help.ts";
import { addIssuanceCommand } from "./cli/issuance.ts";
import { addServeCommand } from "./cli/serve.ts";
import { addSimulateCommand } from "./cli/simulate.ts";
import { addTokenCommand } from "./cli/token.ts";
import { requireKnownVariables } from "./cli/unknown-variables.ts";
import { addUserCommand } from "./cli/user.ts";
import { addVerifyCommand } from "./cli/verify.ts";
import { addWatchCommand } from "./cli/watch.ts";
import { addWhyCommand } from "./cli/why.ts";
import { CliError, EXIT } from "./exit-codes.ts";
import { addVersionOption } from "./version.ts";

/** Builds the whole command line. */
export function createProgram(): Command {
  const program = new Command("couponlive")
    .description("Gives away coupons, first come first served, and proves that it was fair.")
    .showSuggestionAfterError()
    // An option that stands after a command is that command's, whatever those above it have.
    .enablePositionalOptions()
    .configureOutput({ outputError: (message, write) => write(withHint(message)) })
    .hook("preAction", () => requireKnownVariables(warn))
    .exitOverride();
  addVersionOption(program);
  addServeCommand(program);
  addEventCommand(program);
  addIssuanceCommand(program);
  addWhyCommand(program);
  addUserCommand(program);
  addTokenCommand(program);
  addSimulateCommand(program);
  addVerifyCommand(program);
  addWatchCommand(program);
  addDemoCommand(program);
  addConfigCommand(program);
  addDoctorCommand(program);
  addHealthcheckCommand(program);
  addCompletionCommand(program);
  addHelpCommands(program);
  return program;
}

/** commander's own complaints, as one line like ours: what is wrong, and what to do. */
function withHint(message: string): string {
  const [, what = message, guess] =
    /^error: (.*?)(?:\s*\(Did you mean (.*)\?\))?\s*$/s.exec(message) ?? [];
  const hint = guess === undefined ? "--help shows how" : `did you mean ${guess}? --help shows how`;
  return `couponlive: ${what.replaceAll("\n", " ")} (${hint})\n`;
}

function warn(line: string): void {
  process.stderr.write(`couponlive: warning: ${line}\n`);
}

/** One line on stderr that says what is wrong and what to do; returns the exit code. */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CliError) {
    process.stderr.write(`couponlive: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`couponlive: ${messageOf(error)}\n`);
  return EXIT.failed;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The binary unpacks the database's native module before it can load it.
  const isUnloadable = "code" in error && error.code === "ERR_DLOPEN_FAILED";
  return isUnloadable
    ? `the database's native module cannot be loaded (${error.message}): set TMPDIR to a folder that can be written and is not mounted noexec`
    : error.message;
}

if (import.meta.main) {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    // At once: what a failed command had opened must not keep it alive.
    process.exit(reportError(error));
  }
}
