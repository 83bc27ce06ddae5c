/**
 * Runs the real program as a child process, the way a user would: from its source, or the compiled
 * binary that the environment variable COUPONLIVE_BIN names.
 */
import { join } from "node:path";
import { killAtEnd } from "./last-will.ts";

const RUN_LIMIT_MS = 60_000;
const READ_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 15_000;
/** How long output that is still on its way is waited for once the program has ended. */
const STREAM_LIMIT_MS = 1_000;

const ENTRY = join(import.meta.dir, "..", "..", "src", "main.ts");

export interface ProgramOptions {
  /** Added to the environment, in which no COUPONLIVE_* variable of the developer is left. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface ProgramResult {
  /** The exit code; null when a signal ended the program. */
  readonly exitCode: number | null;
  /** The signal that ended it, or null. */
  readonly signal: Bun.Subprocess["signalCode"];
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `couponlive ...args` to its end.
 *
 * @throws Error when it is not done within `limitMs` (60 s by default); it is killed then.
 */
export async function runProgram(
  args: readonly string[],
  options: ProgramOptions & { readonly stdin?: string; readonly limitMs?: number } = {},
): Promise<ProgramResult> {
  const program = new RunningProgram(args, options, options.stdin);
  return await program.within(options.limitMs ?? RUN_LIMIT_MS);
}

/** Starts a long-running `couponlive ...args`. One that is never stopped dies with the test run. */
export function startProgram(
  args: readonly string[],
  options: ProgramOptions = {},
): RunningProgram {
  return new RunningProgram(args, options);
}

/** A child that runs `couponlive`. */
export class RunningProgram implements AsyncDisposable {
  /** Resolves when it has ended, of its own accord or not. */
  readonly ended: Promise<ProgramResult>;
  readonly #args: readonly string[];
  readonly #child: Bun.Subprocess<Buffer, "pipe", "pipe">;
  readonly #stdout: Capture;
  readonly #stderr: Capture;
  /** Called whenever there is more to see: output, or the end. */
  readonly #watchers = new Set<() => void>();
  #result: ProgramResult | undefined;

  constructor(args: readonly string[], options: ProgramOptions, stdin = "") {
    this.#args = args;
    this.#child = Bun.spawn([...programCommand(), ...args], {
      cwd: options.cwd ?? process.cwd(),
      env: { ...inheritedEnvironment(), ...options.env },
      stdin: Buffer.from(stdin),
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#stdout = new Capture(this.#child.stdout, this.#watchers);
    this.#stderr = new Capture(this.#child.stderr, this.#watchers);
    killAtEnd(this.#child);
    this.ended = this.#end();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** All that it has written to stdout so far. */
  get stdout(): string {
    return this.#stdout.text;
  }

  /** All that it has written to stderr so far. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /**
   * Waits for a complete line, on stdout or stderr, that the pattern matches, and returns the
   * match. Lines written before the call count too.
   *
   * @throws Error with all output when the program ends, or `limitMs` passes, without one.
   */
  readUntil(pattern: RegExp, limitMs = READ_LIMIT_MS): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(limit);
        this.#watchers.delete(look);
      };
      const fail = (why: string) => {
        finish();
        reject(this.#error(`${why} without a line that matches ${pattern}`));
      };
      const look = () => {
        const match = this.#stdout.firstMatch(pattern) ?? this.#stderr.firstMatch(pattern);
        if (match !== undefined) {
          finish();
          resolve(match);
        } else if (this.#result !== undefined) {
          fail("ended");
        }
      };
      const limit = setTimeout(() => fail(`ran for ${limitMs} ms`), limitMs);
      this.#watchers.add(look);
      look();
    });
  }

  /** Sends a signal and returns at once. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /**
   * Ends it by SIGTERM and reports.
   *
   * @throws Error when it does not obey in time; it is killed then.
   */
  async stop(): Promise<ProgramResult> {
    this.signal("SIGTERM");
    return await this.within(STOP_LIMIT_MS);
  }

  /** Ends it by SIGKILL and reports. */
  async kill(): Promise<ProgramResult> {
    this.signal("SIGKILL");
    return await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  /**
   * Waits until it ends of its own accord.
   *
   * @throws Error with all output when it is not done within `limitMs`; it is killed then.
   */
  async within(limitMs: number): Promise<ProgramResult> {
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      this.signal("SIGKILL");
    }, limitMs);
    const result = await this.ended;
    clearTimeout(limit);
    if (late) throw this.#error(`had not ended after ${limitMs} ms`);
    return result;
  }

  async #end(): Promise<ProgramResult> {
    await this.#child.exited;
    // A child of its own that outlives it may hold the streams open: do not wait for that one.
    const streams = Promise.all([this.#stdout.closed, this.#stderr.closed]);
    await Promise.race([streams, Bun.sleep(STREAM_LIMIT_MS)]);
    const { exitCode, signalCode } = this.#child;
    this.#result = { exitCode, signal: signalCode, stdout: this.stdout, stderr: this.stderr };
    for (const look of this.#watchers) look();
    return this.#result;
  }

  #error(what: string): Error {
    const command = `couponlive ${this.#args.join(" ")}`;
    return new Error(`${command} ${what}\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`);
  }
}

/** Collects a stream of the child as text and tells those who wait for more. */
class Capture {
  text = "";
  readonly closed: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>, waiting: ReadonlySet<() => void>) {
    this.closed = this.#read(stream, waiting);
  }

  async #read(stream: ReadableStream<Uint8Array>, waiting: ReadonlySet<() => void>) {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.text += decoder.decode(chunk, { stream: true });
      for (const look of waiting) look();
    }
  }

  /** The match in the first complete line that has one. */
  firstMatch(pattern: RegExp): RegExpMatchArray | undefined {
    const lines = this.text.split("\n").slice(0, -1);
    for (const line of lines) {
      const match = line.match(pattern);
      if (match !== null) return match;
    }
    return undefined;
  }
}

/** The words that start the program. */
export function programCommand(): readonly string[] {
  const binary = process.env["COUPONLIVE_BIN"];
  if (binary !== undefined && binary !== "") return [binary];
  return [process.execPath, "--no-env-file", ENTRY];
}

/** Set by `bun test`, and by whatever builds the project: a person's terminal has none of them. */
const NOT_A_USERS = ["NODE_ENV", "CI", "CONTINUOUS_INTEGRATION"];

/** The environment of this process without the developer's own settings and the test runner's. */
export function inheritedEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !NOT_A_USERS.includes(name) && !name.startsWith("COUPONLIVE_")) {
      environment[name] = value;
    }
  }
  return environment;
}
