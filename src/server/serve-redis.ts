/**
 * `couponlive serve` on Redis: this process is the writer and the supervisor of N web processes
 * that share one port. A web process that dies is started again, within a limit.
 */
import type { Logger } from "pino";
import { openRedis } from "./claims/redis/connection.ts";
import { RedisEngine } from "./claims/redis/redis-engine.ts";
import { openDatabase } from "./database.ts";
import { Catalogue } from "./events/catalogue.ts";
import { Writer } from "./ledger/writer.ts";
import type { RedisServeOptions, Service } from "./serve.ts";
import { readTls } from "./tls.ts";
import { startWebProcesses } from "./web-processes.ts";
import { startWebServer, type WebServer } from "./web-server.ts";

/** Starts the writer, brings Redis to what the ledger holds, and then lets claims in. */
export async function serveOnRedis(options: RedisServeOptions, log: Logger): Promise<Service> {
  // The web processes read them again; here they are only found wrong in time.
  if (options.tls !== undefined) await readTls(options.tls);
  const connection = await openRedis(options.redisUrl, reportTo(log));
  const database = await openDatabase(options.database.db, options.database.dbToken);
  const catalogue = await Catalogue.open(database, {
    onError: (error) => log.error({ error: String(error) }, "the catalogue could not be read"),
  });
  const engine = new RedisEngine(connection, database);
  for (const event of catalogue.list().filter((candidate) => !candidate.ended)) {
    await engine.prepare(event);
    // Once at every start: the event may have been served by another engine in between.
    await engine.restore(event);
  }
  const writer = new Writer({ connection, database, events: () => catalogue.list(), log });
  writer.start();
  const processes = await startWebProcesses(options, log);
  return {
    url: processes.url,
    failed: processes.failed,
    stop: async () => {
      const answered = await processes.stop();
      await catalogue.refresh();
      const drained = await writer.stop();
      await catalogue.close();
      connection.close();
      database.close();
      return answered && drained;
    },
  };
}

/** One of the web processes. */
export async function serveWebProcess(options: RedisServeOptions, log: Logger): Promise<WebServer> {
  const connection = await openRedis(options.redisUrl, reportTo(log));
  const database = await openDatabase(options.database.db, options.database.dbToken);
  const engine = new RedisEngine(connection, database);
  return startWebServer({ ...options, reusePort: true, database, engine, log });
}

function reportTo(log: Logger): (error: Error) => void {
  return (error) => log.error({ error: error.message }, "Redis");
}
