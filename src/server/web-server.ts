/** One web process: catalogue, engine, combiner and HTTP, and their orderly end. */
import type { Logger } from "pino";
import type { TlsFiles, TokenConfig } from "../config.ts";
import { createApp } from "./app.ts";
import { Combiner } from "./claims/combiner.ts";
import type { ClaimEngine } from "./claims/engine.ts";
import type { Database } from "./database.ts";
import { waitAtMost } from "./deadline.ts";
import { Catalogue } from "./events/catalogue.ts";
import { isDueForPreparation } from "./events/preparation.ts";
import type { Dependencies } from "./http/dependencies.ts";
import { DEFAULT_LIVE_LIMITS, LiveFeeds } from "./http/live/feeds.ts";
import { listenerLimit, readProcessLimits } from "./http/live/listener-limit.ts";
import { RequestCounts } from "./http/request-counts.ts";
import { createTokenVerifier } from "./members/token-verifier.ts";
import { createTokenKeys } from "./members/tokens.ts";
import type { WebParts } from "./metrics/web-metrics.ts";
import { errorText } from "./query-error.ts";
import { readTls } from "./tls.ts";

/** The largest request body: a login. A larger one is answered 413. */
const MAX_BODY_BYTES = 16_384;
/** A connection without a request for this long is closed. */
const IDLE_TIMEOUT_SECONDS = 60;
/** How long a stopping server waits for the answers that are under way. */
const DRAIN_TIMEOUT_MS = 10_000;
const DRAIN_POLL_MS = 10;

export interface WebServerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Share the port with other processes (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /** Undefined to serve without TLS. */
  readonly tls?: TlsFiles | undefined;
  readonly tokens: TokenConfig;
  readonly database: Database;
  readonly engine: ClaimEngine;
  readonly log: Logger;
}

export interface WebServer {
  readonly url: string;
  readonly port: number;
  readonly catalogue: Catalogue;
  /** What its metrics are made from. */
  readonly counted: WebParts;
  /**
   * Stops accepting, answers what is in flight, closes engine and database. False when the engine
   * could not bring everything to the ledger; it is kept.
   */
  stop(): Promise<boolean>;
}

/** Starts serving. The engine and the database are the server's to close from here on. */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const { database, engine, log } = options;
  const tls = options.tls === undefined ? {} : { tls: await readTls(options.tls) };
  const catalogue = await openCatalogue(database, engine, log);
  const combiner = new Combiner(engine);
  const tokenKeys = createTokenKeys(options.tokens);
  const liveFeeds = new LiveFeeds(
    { catalogue, engine, combiner, nowMs: Date.now },
    {
      ...DEFAULT_LIVE_LIMITS,
      maxListeners: listenerLimit(DEFAULT_LIVE_LIMITS.maxListeners, readProcessLimits()),
    },
  );
  let stopping = false;
  const dependencies: Dependencies = {
    catalogue,
    engine,
    combiner,
    database,
    tokenKeys,
    verifyToken: createTokenVerifier(tokenKeys),
    liveFeeds,
    requestCounts: new RequestCounts(),
    log,
    nowMs: Date.now,
    limitIdleTime: (request, isLimited) => {
      server.timeout(request, isLimited ? IDLE_TIMEOUT_SECONDS : 0);
    },
    isStopping: () => stopping,
  };
  const app = createApp(dependencies);
  const server = Bun.serve({
    hostname: options.host,
    port: options.port,
    reusePort: options.reusePort,
    http2: true,
    ...tls,
    maxRequestBodySize: MAX_BODY_BYTES,
    idleTimeout: IDLE_TIMEOUT_SECONDS,
    development: false,
    fetch: (request) => app.fetch(request),
  });
  const port = server.port ?? options.port;

  return {
    url: `${options.tls === undefined ? "http" : "https"}://${server.hostname}:${port}`,
    port,
    catalogue,
    counted: dependencies,
    stop: async () => {
      stopping = true;
      liveFeeds.close();
      const closed = server.stop();
      const deadlineMs = Date.now() + DRAIN_TIMEOUT_MS;
      await waitAtMost(combiner.idle(), DRAIN_TIMEOUT_MS);
      while (server.pendingRequests > 0 && Date.now() < deadlineMs) await Bun.sleep(DRAIN_POLL_MS);
      await server.stop(true);
      await closed;
      await catalogue.close();
      const drained = await engine.close();
      await database.checkpoint();
      database.close();
      return drained;
    },
  };
}

/** The catalogue, whose every change is brought to the engine before a claim asks for it. */
async function openCatalogue(
  database: Database,
  engine: ClaimEngine,
  log: Logger,
): Promise<Catalogue> {
  const catalogue = await Catalogue.open(database, {
    onError: (error) => log.error({ error: errorText(error) }, "the catalogue could not be read"),
  });
  const prepare = async (eventId: string) => {
    const event = catalogue.get(eventId);
    if (event === undefined) return;
    try {
      await engine.prepare(event);
    } catch (error) {
      log.warn(
        { eventId, error: errorText(error) },
        "the engine will prepare this event at its first claim",
      );
    }
  };
  catalogue.onChange((event) => void prepare(event.id));
  const due = catalogue.list().filter((event) => isDueForPreparation(event, Date.now()));
  await Promise.all(due.map((event) => prepare(event.id)));
  return catalogue;
}
