/** Real Redis servers for tests: a `redis-server` child on a loopback port of its own. */
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { killAtEnd } from "./last-will.ts";
import { temporaryDirectory } from "./temp.ts";

const READY_LIMIT_MS = 10_000;
const READY_POLL_MS = 5;
const PING_LIMIT_MS = 1_000;
const STOP_LIMIT_MS = 5_000;
/** How often another port is tried when somebody took the free one first. */
const PORT_ATTEMPTS = 5;

/** What Redis writes to disk; the names say `appendonly` and `appendfsync`. */
export type RedisPersistence = "none" | "aof-always" | "aof-everysec";

const PERSISTENCE_OPTIONS: Record<RedisPersistence, readonly string[]> = {
  none: ["--appendonly", "no"],
  "aof-always": ["--appendonly", "yes", "--appendfsync", "always"],
  "aof-everysec": ["--appendonly", "yes", "--appendfsync", "everysec"],
};

export interface RedisOptions {
  readonly persistence: RedisPersistence;
  /** Where Redis keeps its files; default: a temporary folder. */
  readonly directory?: string;
  /** Default: a free port. */
  readonly port?: number;
}

export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  /** Sends the signal; resolves when the process has ended (at once for SIGSTOP and SIGCONT). */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends the server the orderly way; does nothing when it is not running. */
  stop(): Promise<void>;
  /** Starts it again on the same port and files (stopping it first, if it runs). */
  restart(): Promise<void>;
}

/**
 * Starts a Redis server and waits until it answers. The caller stops it (`afterAll`, or
 * `await using`); one that is forgotten dies with the test run.
 *
 * @throws Error when redis-server is not installed or does not come up; the message holds its log.
 */
export async function startRedis(options: RedisOptions): Promise<TestRedis> {
  const executable = Bun.which("redis-server");
  if (executable === null) {
    throw new Error(
      "redis-server is not on the PATH: `npm test` installs it where it can, or install it yourself (Debian: apt-get install redis-server)",
    );
  }
  const directory = options.directory ?? temporaryDirectory().path;
  const start = (port: number) => startServer(executable, port, directory, options.persistence);

  let port = options.port ?? freePort();
  let server = await start(port);
  for (let attempt = 1; server === "port-taken"; attempt += 1) {
    if (options.port !== undefined || attempt === PORT_ATTEMPTS) {
      throw new Error(`redis-server could not listen: port ${port} is taken`);
    }
    port = freePort();
    server = await start(port);
  }
  let running: RunningServer = server;

  const stop = () => running.stop();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    directory,
    kill: (signal) => running.kill(signal),
    stop,
    async restart() {
      await stop();
      const next = await start(port);
      if (next === "port-taken") throw new Error(`port ${port} was taken while Redis was down`);
      running = next;
    },
    [Symbol.asyncDispose]: stop,
  };
}

interface RunningServer {
  kill(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

async function startServer(
  executable: string,
  port: number,
  directory: string,
  persistence: RedisPersistence,
): Promise<RunningServer | "port-taken"> {
  const logFile = join(directory, `redis-${Bun.randomUUIDv7()}.log`);
  const child = Bun.spawn(
    [
      executable,
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory],
      ...["--logfile", logFile, "--save", "", ...PERSISTENCE_OPTIONS[persistence]],
    ],
    { cwd: directory, stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  killAtEnd(child);

  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    if (signal !== "SIGSTOP" && signal !== "SIGCONT") await child.exited;
  };
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    const giveUp = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
    await child.exited;
    clearTimeout(giveUp);
  };

  const deadline = performance.now() + READY_LIMIT_MS;
  while (!(await answersPing(port, child.pid))) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || performance.now() > deadline) {
      await stop();
      const log = existsSync(logFile) ? readFileSync(logFile, "utf8") : "(no log)";
      if (log.includes("Address already in use")) return "port-taken";
      throw new Error(`redis-server on port ${port} did not come up:\n${log}`);
    }
    await Bun.sleep(READY_POLL_MS);
  }
  return { kill, stop };
}

/**
 * Whether the server on `port` is ready (it answers an error while it loads its files) and is the
 * process `pid`, not a stranger that had the port before.
 */
function answersPing(port: number, pid: number): Promise<boolean> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect({ host: "127.0.0.1", port });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PING_LIMIT_MS, () => finish(false));
    socket.on("connect", () => socket.write("PING\r\nINFO server\r\n"));
    socket.on("data", (chunk) => {
      received += chunk.toString();
      if (received.startsWith("-")) finish(false);
      const processId = /process_id:(\d+)\r/.exec(received)?.[1];
      if (processId !== undefined) finish(Number(processId) === pid);
    });
    socket.on("error", () => finish(false));
    socket.on("close", () => finish(false));
  });
}

/** A port that is free at the moment. */
function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
