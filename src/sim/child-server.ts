/** The server of a run that was not told of one: `couponlive serve` as a child process. */
import type { Subprocess } from "bun";
import { z } from "zod";
import { childEnvironment, type DatabaseConfig, type TokenConfig } from "../config.ts";
import { selfCommand } from "../self.ts";

const START_TIMEOUT_MS = 30_000;
/** Longer than the server itself grants its parts to drain. */
const STOP_TIMEOUT_MS = 60_000;
/** What is kept of its output, for the case that it fails. */
const KEPT_LINES = 20;

const listeningSchema = z.object({ msg: z.literal("listening"), url: z.url() });

export interface ChildServerOptions {
  readonly database: DatabaseConfig;
  readonly tokens: TokenConfig;
  readonly redisUrl: string | undefined;
  /** Web processes; more than one needs Redis. */
  readonly workers: number;
}

export class ChildServer {
  readonly options: ChildServerOptions;
  readonly url: URL;
  readonly #child: Subprocess;

  private constructor(options: ChildServerOptions, child: Subprocess, url: URL) {
    this.options = options;
    this.#child = child;
    this.url = url;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** True once it has ended, by itself or not. */
  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /**
   * Starts it on any free port of this machine; resolves when it listens. The secret travels in
   * the environment, since a flag would show in the process list. It stops when this process is
   * gone, however it went, since the channel between them closes then.
   */
  static async start(options: ChildServerOptions): Promise<ChildServer> {
    const workers = String(options.workers);
    const child = Bun.spawn(
      [...selfCommand(), "serve", "--host", "127.0.0.1", "--port", "0", "--workers", workers],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: childEnvironment({
          database: options.database,
          tokens: options.tokens,
          ...(options.redisUrl === undefined ? {} : { redisUrl: options.redisUrl }),
          // Its address is read from its log.
          variables: { COUPONLIVE_LOG_LEVEL: "info", COUPONLIVE_LOG_FORMAT: "json" },
        }),
        // Ctrl-C is meant for the simulator, which then stops its server in the right order.
        detached: true,
        ipc: () => undefined,
      },
    );
    const output = new Output(child.stdout, child.stderr);
    try {
      const url = await withTimeout(output.listening(child), START_TIMEOUT_MS);
      return new ChildServer(options, child, url);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  /** Kills it and its web processes, at once. */
  kill(): void {
    // It leads a process group of its own: see `detached`.
    if (!this.hasEnded) process.kill(-this.pid, "SIGKILL");
  }

  /**
   * SIGTERM, and SIGKILL where that is not enough. Resolves to false when it did not end by itself
   * with exit code 0.
   */
  async stop(): Promise<boolean> {
    this.#child.kill("SIGTERM");
    // The channel would keep it alive.
    if (!this.hasEnded) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    const exitCode = await this.#child.exited;
    clearTimeout(timer);
    return exitCode === 0;
  }
}

/** Reads both of its outputs to their end, so that it never waits for a reader. */
class Output {
  readonly #lines: string[] = [];
  readonly #url = Promise.withResolvers<URL>();

  constructor(...streams: ReadableStream<Uint8Array>[]) {
    for (const stream of streams) void this.#read(stream);
  }

  /** Resolves with the address it listens on; rejects when it ends before. */
  async listening(child: Subprocess): Promise<URL> {
    const ended = child.exited.then((exitCode): never => {
      throw new Error(
        `the server ended with exit code ${exitCode} at its start:\n${this.#lines.join("\n")}`,
      );
    });
    return await Promise.race([this.#url.promise, ended]);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line);
    }
  }

  #take(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    const parsed = listeningSchema.safeParse(parseJson(line));
    if (parsed.success) this.#url.resolve(new URL(parsed.data.url));
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`the server did not listen within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
