import type { Command } from "commander";
import {
  flagVariables,
  readDatabaseConfig,
  readLogConfig,
  readRedisUrl,
  readServeConfig,
  readTokenConfig,
  requireReadable,
  type SettingFlags,
} from "../config.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { addSettingOptions } from "./setting-options.ts";

type ServeFlags = SettingFlags & {
  readonly takeOver?: true;
  readonly dev?: true;
};

const example = `
Examples:
  export COUPONLIVE_JWT_SECRET=$(openssl rand -base64 48)
  couponlive serve                                   # the embedded engine: one process, one file
  couponlive serve --redis redis://127.0.0.1:6379 --workers 4
  couponlive serve --tls-cert chain.pem --tls-key key.pem

A flag wins over its variable, which wins over the default; \`couponlive config\` prints them all.
HTTP/1.1 and HTTP/2 are served on the same port, with TLS and without.
SIGTERM or Ctrl-C stops accepting, answers what is in flight, drains the writer and exits 0.`;

/** Adds `couponlive serve`, and the hidden `web-process` that it starts for each worker on Redis. */
export function addServeCommand(program: Command): void {
  addSettingOptions(program.command("serve"))
    .description("Runs the issuance server.")
    .option("--take-over", "decide although another Redis did before, which is lost for good")
    .option("--dev", "development: make up a token secret for this run where none is set")
    .addHelpText("after", example)
    .action(async (flags: ServeFlags) => {
      requireReadable(flags);
      const redisUrl = readRedisUrl(flags);
      const options = {
        ...readServeConfig(flags),
        database: readDatabaseConfig(flags),
        tokens: readTokenConfig({ development: flags.dev === true }),
        takeOver: flags.takeOver === true,
        variables: flagVariables(flags),
      };
      const [{ createLog }, { untilStopped }] = await Promise.all([
        import("../server/log.ts"),
        import("./signals.ts"),
      ]);
      const log = createLog("couponlive", readLogConfig(flags));
      const stopRequested = untilStopped();
      const service =
        redisUrl === undefined
          ? await (await import("../server/serve-embedded.ts")).serveEmbedded(options, log)
          : await (await import("../server/serve-redis.ts")).serveOnRedis(
              { ...options, redisUrl },
              log,
            );
      log.info(
        {
          url: service.url,
          engine: redisUrl === undefined ? "embedded" : "redis",
          metrics: service.metricsUrl,
        },
        "listening",
      );
      await Promise.race([stopRequested, service.failed]);
      log.info("stopping");
      if (!(await service.stop())) {
        throw new CliError(
          "not everything could be brought to an end in time; see the log",
          EXIT.failed,
        );
      }
      log.info("stopped");
      // A parent's channel would keep the process alive.
      process.disconnect?.();
    });

  program
    .command("web-process", { hidden: true })
    .requiredOption("--host <host>")
    .requiredOption("--port <port>")
    .requiredOption("--number <n>")
    .action(async (flags: { host: string; port: string; number: string }) => {
      const redisUrl = readRedisUrl({});
      if (redisUrl === undefined || process.send === undefined) {
        throw new CliError("web-process is started by `couponlive serve`, not by hand");
      }
      const [{ createLog }, { serveWebProcess }, { answerMetricsRequests }, { untilStopped }] =
        await Promise.all([
          import("../server/log.ts"),
          import("../server/serve-redis.ts"),
          import("../server/metrics/exchange.ts"),
          import("./signals.ts"),
        ]);
      const stopRequested = untilStopped();
      const server = await serveWebProcess(
        {
          ...readServeConfig({ host: flags.host, port: flags.port, workers: "1" }),
          database: readDatabaseConfig({}),
          tokens: readTokenConfig(),
          takeOver: false,
          redisUrl,
        },
        createLog("couponlive-web", readLogConfig({})),
      );
      answerMetricsRequests(`web-${flags.number}`, server.counted);
      process.send({ listening: { url: server.url, port: server.port } });
      await stopRequested;
      await server.stop();
      process.disconnect?.();
    });
}
