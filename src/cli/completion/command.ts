/** `couponlive completion`, and the hidden `complete` that the shells call. */
import { Argument, type Command } from "commander";
import { readDatabaseConfig } from "../../config.ts";
import bashScript from "./couponlive.bash" with { type: "text" };
import fishScript from "./couponlive.fish" with { type: "text" };
import zshScript from "./couponlive.zsh" with { type: "text" };
import { awaitsEvent, type Suggestion, suggest } from "./suggest.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
type Shell = keyof typeof SCRIPTS;

const example = `
Examples:
  couponlive completion bash > /etc/bash_completion.d/couponlive
  source <(couponlive completion bash)                          # for this shell only
  couponlive completion zsh > ~/.zfunc/_couponlive              # with ~/.zfunc in fpath
  couponlive completion fish > ~/.config/fish/completions/couponlive.fish`;

/** Adds `couponlive completion`. */
export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .description("Prints the script that makes a shell complete commands and options.")
    .addArgument(new Argument("<shell>", "your shell").choices(Object.keys(SCRIPTS)))
    .addHelpText("after", example)
    .action((shell: Shell) => {
      process.stdout.write(SCRIPTS[shell]);
    });

  program
    .command("complete", { hidden: true })
    .argument("[words...]", "after --, the words after the program's name")
    .action(async (words: readonly string[]) => {
      const events = awaitsEvent(program, words) ? await suggestEvents(words) : [];
      const lines = [...suggest(program, words), ...events].map(
        ({ word, description }) => `${word}\t${description}\n`,
      );
      process.stdout.write(lines.join(""));
    });
}

/** The ids that begin as the last word does, of the database that the line or the settings name. */
async function suggestEvents(words: readonly string[]): Promise<Suggestion[]> {
  const { readEventIds } = await import("./event-ids.ts");
  const flag = words.lastIndexOf("--db", -2);
  const { db } = readDatabaseConfig(flag < 0 ? {} : { db: words[flag + 1] });
  const typed = words.at(-1) ?? "";
  return (await readEventIds(db)).filter(({ word }) => word.startsWith(typed));
}
