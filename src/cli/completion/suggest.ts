/** What may stand at the end of a command line, from commander's own tree of commands. */
import type { Command, Option } from "commander";

export interface Suggestion {
  readonly word: string;
  readonly description: string;
}

/**
 * What the last word may be completed to: a command's name, an option, or one of the values that an
 * option or an argument allows. Nothing where it may be anything, such as the name of a file.
 *
 * @param words those after the program's name; the last one is being typed, and may be empty
 */
export function suggest(program: Command, words: readonly string[]): Suggestion[] {
  const typed = words.at(-1) ?? "";
  const { command, option, position } = follow(program, words.slice(0, -1));
  return candidates(command, option, position, typed).filter(({ word }) => word.startsWith(typed));
}

/** Whether the last word is the id of an event. */
export function awaitsEvent(program: Command, words: readonly string[]): boolean {
  const { command, option, position } = follow(program, words.slice(0, -1));
  if (option !== undefined) return option.long === "--event";
  const name = command.registeredArguments[position]?.name();
  return name === "event" || (name === "id" && command.parent?.name() === "event");
}

interface Place {
  readonly command: Command;
  /** The option whose value comes next. */
  readonly option: Option | undefined;
  /** How many arguments the command has been given. */
  readonly position: number;
}

/** Where on the command line one is after these words. */
function follow(program: Command, words: readonly string[]): Place {
  let command = program;
  let option: Option | undefined;
  let position = 0;
  for (const word of words) {
    if (option !== undefined) {
      option = undefined;
    } else if (word.startsWith("-")) {
      const found = command.options.find(({ long, short }) => word === long || word === short);
      if (found?.required || found?.optional) option = found;
    } else {
      const next = command.commands.find((each) => each.name() === word);
      if (next === undefined) position++;
      else command = next;
    }
  }
  return { command, option, position };
}

function candidates(
  command: Command,
  option: Option | undefined,
  position: number,
  typed: string,
): Suggestion[] {
  if (option !== undefined) return valuesOf(option.argChoices);
  const help = command.createHelp();
  if (typed.startsWith("-")) {
    return help.visibleOptions(command).map(({ long, short, description }) => ({
      word: long ?? short ?? "",
      description: firstLine(description),
    }));
  }
  const commands = help.visibleCommands(command).map((each) => ({
    word: each.name(),
    description: firstLine(each.description()),
  }));
  return [...commands, ...valuesOf(command.registeredArguments[position]?.argChoices)];
}

function valuesOf(choices: readonly string[] | undefined): Suggestion[] {
  return (choices ?? []).map((word) => ({ word, description: "" }));
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
