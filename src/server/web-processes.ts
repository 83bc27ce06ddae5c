/** The supervisor's children: N web processes on one port. */
import type { Subprocess } from "bun";
import type { Logger } from "pino";
import { z } from "zod";
import { childEnvironment } from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { selfCommand } from "../self.ts";
import { MetricsExchange } from "./metrics/exchange.ts";
import type { ProcessMetrics } from "./metrics/exposition.ts";
import type { RedisServeOptions } from "./serve.ts";

/** How long a web process may take to answer what is in flight when it stops. */
const STOP_TIMEOUT_MS = 15_000;
/** One that has lived this long had started well: the count of restarts begins anew. */
const HEALTHY_AFTER_MS = 60_000;

export interface WebProcessLimits {
  /** One that does not listen after this long is killed, and counts as one that died. */
  readonly startTimeoutMs: number;
  /** One that dies is started again after a pause, this often in a row at the most. */
  readonly restartDelayMs: number;
  readonly maxRestarts: number;
  /** How long the web processes of a supervisor that was just killed may take to leave the port. */
  readonly portWaitMs: number;
}

const PORT_POLL_MS = 100;

export const DEFAULT_WEB_PROCESS_LIMITS: WebProcessLimits = {
  startTimeoutMs: 15_000,
  restartDelayMs: 500,
  maxRestarts: 10,
  portWaitMs: 3_000,
};

const listeningSchema = z.object({ listening: z.object({ url: z.string(), port: z.number() }) });

export interface WebProcesses {
  readonly url: string;
  /** How many serve now, and how many died without being told to. */
  readonly serving: number;
  readonly deaths: number;
  /** The metrics of those that answer. */
  readMetrics(): Promise<ProcessMetrics[]>;
  /** Rejects when web processes die again and again. */
  readonly failed: Promise<never>;
  /** Resolves to false when one had to be killed. */
  stop(): Promise<boolean>;
}

interface Listening {
  readonly url: string;
  readonly port: number;
}

/**
 * Starts all of them; resolves when every one listens.
 *
 * @param command the program of which `web-process` is a command
 * @throws CliError when another program has the port
 */
export async function startWebProcesses(
  options: RedisServeOptions,
  log: Logger,
  limits: WebProcessLimits = DEFAULT_WEB_PROCESS_LIMITS,
  command: readonly string[] = selfCommand(),
): Promise<WebProcesses> {
  await waitForFreePort(options.host, options.port, limits.portWaitMs);
  const children = new Set<Subprocess>();
  /** Those that listen. */
  const serving = new Set<Subprocess>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  let stopping = false;
  let restarts = 0;
  let deaths = 0;
  const exchange = new MetricsExchange();
  /** The first process finds it where any free port is wanted; all others share it. */
  let port = options.port;

  const start = async (number: number): Promise<Listening> => {
    const startedAtMs = Date.now();
    const { child, listening } = spawnWebProcess(
      [
        ...[...command, "web-process", "--host", options.host, "--port", String(port)],
        ...["--number", String(number)],
      ],
      childEnvironment(options),
      limits.startTimeoutMs,
      (message) => exchange.receive(message),
    );
    children.add(child);
    void child.exited.then(async (exitCode) => {
      children.delete(child);
      serving.delete(child);
      if (stopping) return;
      deaths++;
      if (Date.now() - startedAtMs > HEALTHY_AFTER_MS) restarts = 0;
      log.error({ webPid: child.pid, exitCode }, "a web process died");
      if (++restarts > limits.maxRestarts) {
        failure.reject(new Error(`web processes died ${restarts} times in a row`));
        return;
      }
      await Bun.sleep(limits.restartDelayMs);
      // What the new one says is not awaited: if it dies, its own exit is seen here again.
      if (!stopping) await start(number).catch(() => undefined);
    });
    const where = await listening;
    serving.add(child);
    return where;
  };

  const stop = async (): Promise<boolean> => {
    stopping = true;
    const stopped = await Promise.all([...children].map(stopChild));
    return stopped.every((orderly) => orderly);
  };

  try {
    const first = await start(1);
    port = first.port;
    const others = Array.from({ length: options.workers - 1 }, (_, index) => start(index + 2));
    await Promise.all(others);
    return {
      url: first.url,
      get serving() {
        return serving.size;
      },
      get deaths() {
        return deaths;
      },
      readMetrics: async () => {
        const answers = await Promise.all([...serving].map((child) => exchange.ask(child)));
        return answers.filter((answer) => answer !== undefined);
      },
      failed: failure.promise,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The web processes share their port, and would share it with those of another server as well: the
 * kernel gives each a part of the connections. A listener that shares with nobody finds that out.
 */
async function waitForFreePort(hostname: string, port: number, waitMs: number): Promise<void> {
  if (port === 0) return;
  const deadlineMs = Date.now() + waitMs;
  for (;;) {
    try {
      Bun.listen({ hostname, port, exclusive: true, socket: { data: () => undefined } }).stop(true);
      return;
    } catch (cause) {
      const taken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
      if (taken && Date.now() < deadlineMs) {
        await Bun.sleep(PORT_POLL_MS);
        continue;
      }
      const why = taken ? "another program listens there" : String(cause);
      throw new CliError(
        `port ${port} of ${hostname} cannot be used, ${why}: stop it, or choose another port (--port, --host)`,
        EXIT.failed,
      );
    }
  }
}

function spawnWebProcess(
  command: string[],
  environment: Record<string, string | undefined>,
  startTimeoutMs: number,
  onMessage: (message: unknown) => void,
): { child: Subprocess; listening: Promise<Listening> } {
  const listening = Promise.withResolvers<Listening>();
  const child = Bun.spawn(command, {
    stdio: ["ignore", "inherit", "inherit"],
    env: environment,
    ipc: (message) => {
      const parsed = listeningSchema.safeParse(message);
      if (parsed.success) listening.resolve(parsed.data.listening);
      else onMessage(message);
    },
  });
  const timer = setTimeout(() => {
    listening.reject(new Error(`a web process did not listen within ${startTimeoutMs} ms`));
    child.kill("SIGKILL");
  }, startTimeoutMs);
  void child.exited.then((exitCode) => {
    listening.reject(new Error(`a web process ended with exit code ${exitCode} at its start`));
  });
  const settled = listening.promise.finally(() => clearTimeout(timer));
  return { child, listening: settled };
}

/** SIGTERM, and SIGKILL where that is not enough. */
async function stopChild(child: Subprocess): Promise<boolean> {
  child.kill("SIGTERM");
  const giveUp = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  const exitCode = await child.exited;
  clearTimeout(giveUp);
  // One that SIGTERM itself ended was still starting, and had promised nobody anything.
  return exitCode === 0 || child.signalCode === "SIGTERM";
}
