/** `couponlive help`, which knows commands of commands too. */
import type { Command } from "commander";
import { CliError } from "../exit-codes.ts";

/** Adds `help [command...]` to the program and to each group of commands in it. */
export function addHelpCommands(program: Command): void {
  const groups = program.commands.filter((command) => command.commands.length > 0);
  for (const parent of [program, ...groups]) {
    parent
      .helpCommand(false)
      .command("help")
      .description("Shows the help of a command.")
      .argument("[command...]", "its name, such as: event create")
      .action((names: readonly string[]) => findCommand(parent, names).help());
  }
}

function findCommand(parent: Command, names: readonly string[]): Command {
  return names.reduce((command, name) => {
    const found = command.commands.find((each) => each.name() === name);
    if (found !== undefined) return found;
    throw new CliError(
      `unknown command '${name}' (${pathOf(command)} --help lists those there are)`,
    );
  }, parent);
}

/** `couponlive event create`, as it is typed. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
