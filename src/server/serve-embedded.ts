/** `couponlive serve` on the embedded engine: one process, with the ledger's thread beside it. */
import type { Logger } from "pino";
import { CliError } from "../exit-codes.ts";
import { EmbeddedEngine } from "./claims/embedded-engine.ts";
import { databaseUrl, isLocalDatabase, openDatabase } from "./database.ts";
import { requireNoDecider } from "./decider.ts";
import { CommitThread } from "./ledger/commit-thread.ts";
import { holdEngineLock } from "./ledger/engine-lock.ts";
import type { LedgerTrouble } from "./ledger/writer.ts";
import type { ServeOptions, Service } from "./serve.ts";
import { readTls } from "./tls.ts";
import { startWebServer } from "./web-server.ts";

/**
 * Starts the server.
 *
 * @throws CliError when it is asked for what needs Redis: several processes, or a ledger that is
 * not a file of this machine
 */
export async function serveEmbedded(options: ServeOptions, log: Logger): Promise<Service> {
  if (options.workers !== 1) {
    throw new CliError(
      "the embedded engine is one process: for --workers name a Redis with --redis",
    );
  }
  if (!isLocalDatabase(databaseUrl(options.database.db))) {
    throw new CliError(
      "the embedded engine needs a local --db file: for another ledger name a Redis with --redis",
    );
  }
  // The web server reads them again; here they are only found wrong in time.
  if (options.tls !== undefined) await readTls(options.tls);
  const failure = Promise.withResolvers<never>();
  // One that dies before it is asked for anything is heard of by the first who asks.
  failure.promise.catch(() => undefined);
  const trouble: LedgerTrouble = { contradictions: 0, failures: 0 };
  // It loads while this thread opens the database.
  const thread = new CommitThread({
    onDeath: failure.reject,
    onContradiction: (outboxIds) => {
      trouble.contradictions += outboxIds.length;
      log.fatal({ outboxIds }, "the ledger contradicts what was issued; the outbox keeps it");
    },
    onMoveFailure: (reason) => {
      trouble.failures++;
      log.error({ reason }, "the ledger lags; it is tried again");
    },
  });
  try {
    const { database, lock } = await lockLedger(options);
    await thread.open(options.database);
    const engine = new EmbeddedEngine({
      database,
      store: thread,
      nowMs: Date.now,
      onFailure: (error) => log.error({ error: String(error) }, "the ledger failed"),
    });
    const server = await startWebServer({
      ...options,
      reusePort: false,
      database,
      databaseConfig: options.database,
      engine,
      log,
    });
    const { catalogue, counted } = server;
    const ledger = { catalogue, engine, database, trouble, nowMs: Date.now };
    const metrics =
      options.metrics &&
      (await import("./metrics/serve-metrics.ts")).serveOwnMetrics(
        options.metrics,
        counted,
        ledger,
      );
    return {
      url: server.url,
      metricsUrl: metrics?.url,
      failed: failure.promise,
      stop: async () => {
        await metrics?.stop();
        const drained = await server.stop();
        lock.release();
        return drained;
      },
    };
  } catch (error) {
    await thread.abandon();
    throw error;
  }
}

/** Opens the ledger as the only one who decides for it. */
async function lockLedger({ database: { db, dbToken }, takeOver }: ServeOptions) {
  const database = await openDatabase(db, dbToken);
  const lock = await holdEngineLock(database.url);
  await requireNoDecider(database, takeOver);
  return { database, lock };
}
