import { expect, test } from "bun:test";
import type { Command } from "commander";
import { runProgram } from "../../test/support/program.ts";
import { EXIT } from "../exit-codes.ts";
import { createProgram } from "../main.ts";

test.each([
  [["help"], "Usage: couponlive [options] [command]"],
  [["help", "event"], "Usage: couponlive event [options] [command]"],
  [["help", "event", "create"], "Usage: couponlive event create [options]"],
  [["event", "help", "create"], "Usage: couponlive event create [options]"],
])("couponlive %j", async (args, usage) => {
  const { exitCode, stdout } = await runProgram(args);
  expect(exitCode).toBe(EXIT.ok);
  expect(stdout).toStartWith(usage);
});

test.each([
  [["help", "nonsense"], "unknown command 'nonsense' (couponlive --help lists those there are)"],
  [
    ["help", "event", "nonsense"],
    "unknown command 'nonsense' (couponlive event --help lists those there are)",
  ],
])("couponlive %j", async (args, message) => {
  expect(await runProgram(args)).toMatchObject({
    exitCode: EXIT.usage,
    stdout: "",
    stderr: `couponlive: ${message}\n`,
  });
});

/** Every command that a user may type, with its path. */
function allCommands(parent: Command, path: readonly string[] = []): [string, Command][] {
  return parent
    .createHelp()
    .visibleCommands(parent)
    .filter((command) => command.name() !== "help")
    .flatMap((command): [string, Command][] => {
      const words = [...path, command.name()];
      return command.commands.length > 0
        ? allCommands(command, words)
        : [[words.join(" "), command]];
    });
}

test.each(allCommands(createProgram()))(
  "couponlive %s --help has an example that can be pasted",
  (path, command) => {
    let help = "";
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command.outputHelp();
    const examples = help.slice(help.indexOf("Example"));
    expect(examples).toContain(`couponlive ${path}`);
    // As they stand they can be pasted: no prompt before them, and what is said of them is a comment.
    expect(examples).not.toMatch(/^ *\$ |^ .*\bcouponlive .*\S {3,}[^ #]/m);
  },
);

test("--version says which commit and which Bun it is, also as JSON", async () => {
  const text = await runProgram(["--version"]);
  expect(text).toMatchObject({ exitCode: EXIT.ok, stderr: "" });
  expect(text.stdout).toMatch(/^couponlive \d+\.\d+\.\d+ \((commit \S+, )?Bun \d+\.\d+\.\d+\)\n$/);
  const { stdout } = await runProgram(["--version", "--json"]);
  const { version, commit, bun } = JSON.parse(stdout);
  const from = commit === null ? "" : `commit ${commit}, `;
  expect(`couponlive ${version} (${from}Bun ${bun})\n`).toBe(text.stdout);
});

test("an option without a default does not tell of one", async () => {
  const { stdout } = await runProgram(["simulate", "--help"]);
  expect(stdout).toContain("--expect <threshold>");
  expect(stdout).not.toContain("default: [");
});
