import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import pino from "pino";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { CliError } from "../exit-codes.ts";
import type { RedisServeOptions } from "./serve.ts";
import { DEFAULT_WEB_PROCESS_LIMITS, startWebProcesses } from "./web-processes.ts";

const silent = pino({ level: "silent" });

const options: RedisServeOptions = {
  host: "127.0.0.1",
  port: 0,
  workers: 1,
  database: { db: "unused.db", dbToken: undefined },
  tokens: {
    secret: "x".repeat(32),
    previousSecret: undefined,
    issuer: "couponlive",
    audience: "couponlive",
  },
  takeOver: false,
  redisUrl: "redis://127.0.0.1:1",
};

/** A program that listens and dies the first time it is started, and hangs every time after. */
async function fadingProgram(): Promise<string[]> {
  const directory = temporaryDirectory().path;
  const program = join(directory, "program.ts");
  await Bun.write(
    program,
    `const marker = Bun.file(${JSON.stringify(join(directory, "started"))});
     if (await marker.exists()) await Bun.sleep(1e9);
     await Bun.write(marker, "");
     process.send({ listening: { url: "http://127.0.0.1:1", port: 1 } });
     process.disconnect();`,
  );
  return [process.execPath, program];
}

describe("web processes", () => {
  test("one that never listens is killed and counted, until the service gives up", async () => {
    const limits = { startTimeoutMs: 1_000, restartDelayMs: 1, maxRestarts: 2, portWaitMs: 0 };
    const processes = await startWebProcesses(options, silent, limits, await fadingProgram());
    await expect(processes.failed).rejects.toThrow("died 3 times in a row");
    await processes.stop();
  });

  test("a port that another server shares with its own processes is refused", async () => {
    using other = Bun.serve({ port: 0, hostname: "127.0.0.1", reusePort: true, fetch: notFound });
    const { port = 0 } = other;
    const started = startWebProcesses({ ...options, port }, silent, {
      ...DEFAULT_WEB_PROCESS_LIMITS,
      portWaitMs: 150,
    });
    await expect(started).rejects.toBeInstanceOf(CliError);
    await expect(started).rejects.toThrow(`port ${port} of 127.0.0.1 cannot be used`);
  });
});

function notFound(): Response {
  return new Response(null, { status: 404 });
}
