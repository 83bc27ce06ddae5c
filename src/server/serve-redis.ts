/**
 * `couponlive serve` on Redis: this process is the writer and the supervisor of N web processes
 * that share one port. A web process that dies is started again, within a limit.
 */
import type { Logger } from "pino";
import { MAY_LOSE_TEXT } from "./claims/durability.ts";
import {
  type OnConnectionChange,
  openRedis,
  type RedisConnection,
} from "./claims/redis/connection.ts";
import { readDurability } from "./claims/redis/durability.ts";
import { RedisEngine } from "./claims/redis/redis-engine.ts";
import { type Database, isLocalDatabase, openDatabase } from "./database.ts";
import { becomeDecider, type Decider, redisDataset } from "./decider.ts";
import { Catalogue } from "./events/catalogue.ts";
import { isDueForPreparation } from "./events/preparation.ts";
import { holdEngineLock } from "./ledger/engine-lock.ts";
import { moveToLedger } from "./ledger/outbox.ts";
import { type LedgerTrouble, Writer } from "./ledger/writer.ts";
import { errorText } from "./query-error.ts";
import type { RedisServeOptions, Service } from "./serve.ts";
import { readTls } from "./tls.ts";
import { startWebProcesses } from "./web-processes.ts";
import { startWebServer, type WebServer } from "./web-server.ts";

/** Starts the writer, brings Redis to what the ledger holds, and then lets claims in. */
export async function serveOnRedis(options: RedisServeOptions, log: Logger): Promise<Service> {
  // The web processes read them again; here they are only found wrong in time.
  if (options.tls !== undefined) await readTls(options.tls);
  const connection = await openRedis(options.redisUrl, reportTo(log));
  await warnOfLosses(connection, log);
  const database = await openDatabase(options.database.db, options.database.dbToken);
  const decider = await takeTheDecision(options, database, connection);
  const catalogue = await Catalogue.open(database, {
    onError: (error) => log.error({ error: errorText(error) }, "the catalogue could not be read"),
  });
  const engine = new RedisEngine(connection, database);
  // Once at every start: the events may have been served by another engine in between.
  for (const event of catalogue.list()) {
    if (isDueForPreparation(event, Date.now())) await engine.restore(event);
    else await engine.restoreLater(event);
  }
  const trouble: LedgerTrouble = { contradictions: 0, failures: 0 };
  const writer = new Writer({ connection, database, events: () => catalogue.list(), log, trouble });
  writer.start();
  const processes = await startWebProcesses(options, log);
  const ledger = { catalogue, engine, database, trouble, nowMs: Date.now };
  const metrics =
    options.metrics &&
    (await import("./metrics/serve-metrics.ts")).serveAllMetrics(
      options.metrics,
      processes,
      ledger,
    );
  return {
    url: processes.url,
    metricsUrl: metrics?.url,
    failed: Promise.race([processes.failed, decider.lost]),
    stop: async () => {
      await metrics?.stop();
      const answered = await processes.stop();
      await catalogue.refresh().catch((error: unknown) => {
        log.error({ error: errorText(error) }, "the catalogue could not be read");
      });
      const drained = await writer.stop();
      decider.stopHeartbeat();
      if (drained) await decider.release();
      await catalogue.close();
      connection.close();
      await database.checkpoint();
      database.close();
      return answered && drained;
    },
  };
}

/** Whoever runs Redis with less than it can do should have read so. */
async function warnOfLosses({ client }: RedisConnection, log: Logger): Promise<void> {
  const { mayLose, redis } = await readDurability(client);
  if (mayLose === "nothing") return;
  log.warn(
    { redis },
    `${MAY_LOSE_TEXT[mayLose]}; with appendonly yes and appendfsync always, none`,
  );
}

/** One of the web processes. */
export async function serveWebProcess(options: RedisServeOptions, log: Logger): Promise<WebServer> {
  const connection = await openRedis(options.redisUrl, reportTo(log));
  const database = await openDatabase(options.database.db, options.database.dbToken);
  const engine = new RedisEngine(connection, database, (error) => log.error(error.message));
  return startWebServer({
    ...options,
    reusePort: true,
    database,
    databaseConfig: options.database,
    engine,
    log,
  });
}

/**
 * Takes over from the embedded engine: none may run beside us, and what the last one left in the
 * outbox comes to the ledger, from which Redis is restored.
 */
async function takeTheDecision(
  options: RedisServeOptions,
  database: Database,
  connection: RedisConnection,
): Promise<Decider> {
  const dataset = await redisDataset(connection.client);
  if (!isLocalDatabase(database.url)) return becomeDecider(database, dataset, options.takeOver);
  const lock = await holdEngineLock(database.url);
  try {
    while ((await moveToLedger(database)).taken > 0);
    return await becomeDecider(database, dataset, options.takeOver);
  } finally {
    lock.release();
  }
}

function reportTo(log: Logger): OnConnectionChange {
  return (change) => {
    if (change.state === "away") log.error({ error: change.error.message }, "Redis is away");
    else log.info({ instanceChanged: change.instanceChanged }, "Redis is back");
  };
}
