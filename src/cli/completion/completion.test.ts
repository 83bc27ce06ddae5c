/** The scripts of `couponlive completion`, run by the shells that they are for. */
import { beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { programCommand, runProgram } from "../../../test/support/program.ts";
import { temporaryDirectory } from "../../../test/support/temp.ts";
import { EXIT } from "../../exit-codes.ts";
import { createProgram } from "../../main.ts";
import { openDatabase } from "../../server/database.ts";
import { createEvent } from "../../server/events/administration.ts";
import { suggest } from "./suggest.ts";

const SHELL_LIMIT_MS = 15_000;
let folder: string;

/** A folder with a program `couponlive` in it, for the PATH. */
beforeAll(async () => {
  folder = temporaryDirectory().path;
  const command = programCommand().map((word) => `'${word}'`);
  await Bun.write(join(folder, "couponlive"), `#!/bin/sh\nexec ${command.join(" ")} "$@"\n`);
  chmodSync(join(folder, "couponlive"), 0o755);
  await Bun.write(join(folder, "a-file.db"), "");
});

async function shell(name: string, script: string): Promise<string[]> {
  const child = Bun.spawn([name, "-c", script], {
    cwd: folder,
    env: { PATH: `${folder}${delimiter}${process.env["PATH"]}`, HOME: folder, TERM: "dumb" },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: SHELL_LIMIT_MS,
  });
  const lines = (await child.stdout.text()).split(/\r?\n/);
  return lines.map((line) => line.trimEnd()).filter((line) => line !== "");
}

function words(...typed: string[]): string[] {
  return suggest(createProgram(), typed).map(({ word }) => word);
}

describe("suggest", () => {
  test("commands, and commands of commands", () => {
    expect(words("ev")).toEqual(["event"]);
    expect(words("event", "sh")).toEqual(["show"]);
    expect(words("")).toContain("doctor");
    expect(words("")).not.toContain("web-process");
    expect(words("nonsense", "ev")).toEqual(["event"]);
  });

  test("options, their values, and what an argument may be", () => {
    expect(words("serve", "--po")).toEqual(["--port"]);
    expect(words("serve", "--port", "1", "--workers", "2", "--redi")).toEqual(["--redis"]);
    expect(words("simulate", "--scenario", "st")).toEqual(["stampede"]);
    expect(words("completion", "")).toContain("zsh");
    expect(words("completion", "zsh", "")).toEqual([]);
  });

  test("nothing where it may be anything", () => {
    expect(words("serve", "--db", "")).toEqual([]);
    expect(words("verify", "")).toEqual([]);
  });
});

/** What bash completes the line to: the function that `complete -F` named, called as bash calls it. */
function bash(...typed: string[]): Promise<string[]> {
  const line = ["couponlive", ...typed].map((word) => `'${word}'`).join(" ");
  return shell(
    "bash",
    `source <(couponlive completion bash)
     complete -p couponlive | grep -q -- '-o default -F _couponlive' || exit 1
     COMP_WORDS=(${line}); COMP_CWORD=${typed.length}; _couponlive
     printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
}

test.concurrent("bash completes couponlive ev<TAB>, and the options of a command", async () => {
  expect(await bash("ev")).toEqual(["event"]);
  expect(await bash("event", "create", "--sto")).toEqual(["--stock"]);
  expect(await bash("serve", "--db", "")).toEqual([]);
});

/** What zsh is given to choose from; its own functions for showing that are left aside. */
function zsh(...typed: string[]): Promise<string[]> {
  const line = ["couponlive", ...typed].map((word) => `'${word}'`).join(" ");
  return shell(
    "zsh",
    `compdef() { }; _describe() { print -l -- "\${(P@)2}" }; _files() { print files }
     source <(couponlive completion zsh)
     words=(${line}); CURRENT=${typed.length + 1}; _couponlive`,
  );
}

test("the ids of events are completed, from the database that is named", async () => {
  const database = await openDatabase(join(folder, "ids.db"));
  await createEvent(database, { name: "Spring sale", id: "spring-sale" });
  await createEvent(database, { name: "Summer", id: "summer" });
  database.close();
  const complete = async (env: Record<string, string>, ...typed: string[]) =>
    (await runProgram(["complete", "--", ...typed], { env, cwd: folder })).stdout;
  const named = { COUPONLIVE_DB: "ids.db" };
  expect(await complete(named, "verify", "sp")).toBe("spring-sale\tSpring sale\n");
  expect(await complete({}, "event", "show", "--db", "ids.db", "su")).toBe("summer\tSummer\n");
  expect(await complete(named, "simulate", "--event", "su")).toBe("summer\tSummer\n");
  expect(await complete({ COUPONLIVE_DB: "none.db" }, "verify", "")).toBe("");
  expect(await complete({ COUPONLIVE_DB: "a-file.db" }, "verify", "")).toBe("");
  expect(existsSync(join(folder, "none.db"))).toBe(false);
});

test.skipIf(Bun.which("zsh") === null)("zsh does so too, or else completes the file", async () => {
  expect(await zsh("ev")).toEqual([expect.stringMatching(/^event:Sets up/)]);
  expect(await zsh("serve", "--db", "")).toEqual(["files"]);
});

test.skipIf(Bun.which("fish") === null)(
  "fish does so too, or else completes the file",
  async () => {
    const seen = await shell(
      "fish",
      "couponlive completion fish | source; complete -C 'couponlive ev'; complete -C 'couponlive serve --db a-fi'",
    );
    expect(seen[0]).toStartWith("event\t");
    expect(seen.at(-1)).toStartWith("a-file.db");
  },
);

test("another shell is refused, and told which there are", async () => {
  const { exitCode, stderr } = await runProgram(["completion", "csh"]);
  expect(exitCode).toBe(EXIT.usage);
  expect(stderr).toContain("bash, zsh, fish");
});
