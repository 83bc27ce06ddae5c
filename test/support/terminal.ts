/** The real program on a terminal that is not there. Linux only. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { killAtEnd } from "./last-will.ts";
import { inheritedEnvironment, programCommand } from "./program.ts";

const SHOW_CURSOR = "\u001b[?25h";
const HIDE_CURSOR = "\u001b[?25l";

/** A shell on a terminal of its own that runs the program and then prints the terminal's settings. */
export class TerminalSession implements AsyncDisposable {
  output = "";
  readonly #child: Bun.Subprocess;
  #watcher: (() => void) | undefined;

  /** @param start how the shell starts the program */
  constructor(
    args: readonly string[],
    columns: number,
    rows: number,
    env: Readonly<Record<string, string>> = {},
    start = (command: string) => command,
  ) {
    const command = [...programCommand(), ...args].map((word) => `'${word}'`).join(" ");
    const decoder = new TextDecoder();
    this.#child = Bun.spawn(["sh", "-c", `${start(command)}; echo "exit $?"; stty -a`], {
      env: { ...inheritedEnvironment(), ...env },
      terminal: {
        cols: columns,
        rows,
        data: (_terminal, data) => {
          this.output += decoder.decode(data, { stream: true });
          this.#watcher?.();
        },
      },
    });
    killAtEnd(this.#child);
  }

  press(keys: string): void {
    this.#child.terminal?.write(keys);
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.programPid, name);
  }

  /** The program that the shell runs. */
  get programPid(): number {
    return onlyChildOf(this.#child.pid);
  }

  /** Waits until this has been shown since `from`, a length of the output. */
  async until(pattern: RegExp, from = 0): Promise<void> {
    const shown = Promise.withResolvers<void>();
    const look = () => {
      if (pattern.test(stripVTControlCharacters(this.output.slice(from)))) shown.resolve();
    };
    this.#watcher = look;
    look();
    const limit = AbortSignal.timeout(40_000);
    limit.addEventListener("abort", () =>
      shown.reject(new Error(`${pattern} was not shown:\n${this.output.slice(from)}`)),
    );
    await shown.promise;
  }

  /** Waits for the end and returns what came after the view. */
  async end(): Promise<string> {
    await this.until(/icanon/);
    await this.#child.exited;
    return this.output.slice(this.output.lastIndexOf(SHOW_CURSOR));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    this.#child.terminal?.close();
  }
}

/** The process id of a process that has one child. */
export function onlyChildOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
}

/** The shell's last words, from a terminal that is as it was before. */
export function expectRestored(lastWords: string): void {
  expect(lastWords).toStartWith(SHOW_CURSOR);
  expect(lastWords).not.toContain(HIDE_CURSOR);
  expect(lastWords).toMatch(/ icanon/);
  expect(lastWords).toMatch(/ echo /);
}
