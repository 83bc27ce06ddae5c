/** The real program on a terminal: its keys, its end, and the state it leaves the terminal in. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { killAtEnd } from "../../../test/support/last-will.ts";
import { inheritedEnvironment, programCommand, runProgram } from "../../../test/support/program.ts";

/** Each test starts the program and its server; a slow machine must not fail it. */
setDefaultTimeout(60_000);

const RUN = ["simulate", "--tps", "500", "--duration", "30s", "--users", "1000", "--stock", "800"];
const SHOW_CURSOR = "\u001b[?25h";
const HIDE_CURSOR = "\u001b[?25l";

/** A shell on a terminal of its own that runs the program and then prints the terminal's settings. */
class TerminalSession implements AsyncDisposable {
  output = "";
  readonly #child: Bun.Subprocess;
  #watcher: (() => void) | undefined;

  /** @param start how the shell starts the program */
  constructor(
    columns: number,
    rows: number,
    env: Readonly<Record<string, string>> = {},
    start = (command: string) => command,
  ) {
    const command = [...programCommand(), ...RUN].map((word) => `'${word}'`).join(" ");
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

function onlyChildOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
}

/** The shell's last words, from a terminal that is as it was before. */
function expectRestored(lastWords: string): void {
  expect(lastWords).toStartWith(SHOW_CURSOR);
  expect(lastWords).not.toContain(HIDE_CURSOR);
  expect(lastWords).toMatch(/ icanon/);
  expect(lastWords).toMatch(/ echo /);
}

describe.skipIf(process.platform !== "linux")("on a terminal", () => {
  test("q ends the load, and the report stays", async () => {
    await using session = new TerminalSession(80, 24);
    await session.until(/stock +\d+ of 800 left/);
    await session.until(/issued +\d{3}/);
    session.press("?");
    await session.until(/hold the display still/);
    session.press("?");
    session.press("p");
    await session.until(/display paused/);
    session.press("q");
    const lastWords = await session.end();
    expectRestored(lastWords);
    expect(lastWords).toContain("INVALID: the run was stopped before its end");
    expect(lastWords).toContain("exit 5");
    // Nothing of the view is left above the report.
    expect(lastWords).not.toContain("q stop");
  });

  test.each([
    ["Ctrl-C", (session: TerminalSession): void => session.press("\u0003")],
    ["SIGTERM", (session: TerminalSession): void => session.signal("SIGTERM")],
  ] as const)("%s does the same", async (_name, interrupt) => {
    await using session = new TerminalSession(120, 40);
    // A while after the first frame: until then the keys are not the view's.
    await session.until(/issued +\d{3}/);
    interrupt(session);
    const lastWords = await session.end();
    expectRestored(lastWords);
    expect(lastWords).toContain("INVALID: the run was stopped before its end");
  });

  test("a second signal ends the program at once, and the terminal is restored all the same", async () => {
    await using session = new TerminalSession(80, 24);
    await session.until(/issued +[1-9]/);
    // With a server that does not answer, the load goes on until its requests time out.
    const server = onlyChildOf(session.programPid);
    process.kill(server, "SIGSTOP");
    session.signal("SIGTERM");
    await session.until(/stopping/);
    // It takes the server with it.
    session.signal("SIGTERM");
    const lastWords = await session.end();
    expectRestored(lastWords);
    expect(lastWords).toContain("exit 143");
    expect(lastWords).not.toContain("INVALID");
  });

  test("in the background there are lines instead of the view, which would stop the program", async () => {
    const inBackground = (command: string) => `set -m; ${command} & wait $!`;
    await using session = new TerminalSession(80, 24, {}, inBackground);
    await session.until(/^1 s {2}offered/m);
    session.signal("SIGTERM");
    await session.until(/icanon/);
    expect(session.output).toContain("INVALID: the run was stopped before its end");
    expect(session.output).toContain("exit 5");
    expect(session.output).not.toContain("\u001b");
  });

  test("where a build's log takes the terminal's place, there are lines instead of the view", async () => {
    await using session = new TerminalSession(80, 24, { CI: "true" });
    await session.until(/^1 s {2}offered/m);
    session.signal("SIGTERM");
    await session.until(/icanon/);
    expect(session.output).toContain("INVALID: the run was stopped before its end");
    expect(session.output).toContain("exit 5");
    expect(session.output).not.toContain("\u001b");
  });
});

test("piped output has no escape codes", async () => {
  const short = ["simulate", "--tps", "200", "--users", "220", "--stock", "100"];
  const { stdout, stderr } = await runProgram(short);
  expect(stdout).toContain("220 claims for 100 coupons");
  expect(stderr).toMatch(/^1 s /m);
  expect(stdout + stderr).not.toContain("\u001b");
});
