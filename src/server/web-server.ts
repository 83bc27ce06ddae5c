/** One web process: catalogue, engine, combiner and HTTP, and their orderly end. */
import type { Logger } from "pino";
import type { DatabaseConfig, MembersConfig, TlsFiles, TokenConfig } from "../config.ts";
import { createApp } from "./app.ts";
import { Combiner, DEFAULT_COMBINER_LIMITS } from "./claims/combiner.ts";
import type { ClaimEngine } from "./claims/engine.ts";
import type { Database } from "./database.ts";
import { waitAtMost } from "./deadline.ts";
import { Catalogue } from "./events/catalogue.ts";
import { isDueForPreparation } from "./events/preparation.ts";
import { MAX_CODES_BODY_BYTES } from "./http/body.ts";
import { createClientAddress } from "./http/client-address.ts";
import type { Dependencies } from "./http/dependencies.ts";
import { introduceCallers, withProvider } from "./http/introduction.ts";
import { DEFAULT_LIVE_LIMITS, LiveFeeds } from "./http/live/feeds.ts";
import { listenerLimit, readProcessLimits } from "./http/live/listener-limit.ts";
import { RequestCounts } from "./http/request-counts.ts";
import { IdentityProvider } from "./members/identity-provider.ts";
import { createTokenVerifier } from "./members/token-verifier.ts";
import { createTokenKeys } from "./members/tokens.ts";
import type { WebParts } from "./metrics/web-metrics.ts";
import { errorText } from "./query-error.ts";
import { RefusalRecorder } from "./refusals/recorder.ts";
import { RefusalThread } from "./refusals/refusal-thread.ts";
import { readTls } from "./tls.ts";

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
  /** Undefined: accounts are made by administrators only, and no proxy is trusted. */
  readonly members?: MembersConfig | undefined;
  /** Origins whose pages may call; none by default. */
  readonly corsOrigins?: readonly string[] | undefined;
  readonly database: Database;
  /** By which the thread that keeps refusals opens the same database. */
  readonly databaseConfig: DatabaseConfig;
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
  const refusalThread = new RefusalThread(options.databaseConfig);
  const refusals = new RefusalRecorder({
    write: (some) => refusalThread.write(some),
    isQuiet: () => combiner.isIdle,
    nowMs: Date.now,
    onFailure: (error) => log.warn({ error: String(error) }, "refusals could not be kept"),
  });
  const combiner = new Combiner(engine, DEFAULT_COMBINER_LIMITS, (...batch) =>
    refusals.take(...batch),
  );
  const tokenKeys = createTokenKeys(options.tokens);
  const liveFeeds = new LiveFeeds(
    { catalogue, engine, combiner, nowMs: Date.now },
    {
      ...DEFAULT_LIVE_LIMITS,
      maxListeners: listenerLimit(DEFAULT_LIVE_LIMITS.maxListeners, readProcessLimits()),
    },
  );
  const verifyOwn = createTokenVerifier(tokenKeys);
  const provider = openProvider(options);
  let stopping = false;
  const dependencies: Dependencies = {
    catalogue,
    engine,
    combiner,
    database,
    tokenKeys,
    verifyToken: provider === undefined ? verifyOwn : withProvider(verifyOwn, provider),
    liveFeeds,
    requestCounts: new RequestCounts(),
    log,
    nowMs: Date.now,
    limitIdleTime: (request, isLimited) => {
      server.timeout(request, isLimited ? IDLE_TIMEOUT_SECONDS : 0);
    },
    clientAddress: createClientAddress(
      (request) => server.requestIP(request)?.address,
      options.members?.trustedProxies,
      () => log.warn("X-Forwarded-For is not believed: behind a proxy, name it (--trusted-proxy)"),
    ),
    isRegistrationOpen: options.members?.isRegistrationOpen === true,
    corsOrigins: new Set(options.corsOrigins),
    isStopping: () => stopping,
  };
  const app = createApp(dependencies);
  const handle = (request: Request) => app.fetch(request);
  const server = Bun.serve({
    hostname: options.host,
    port: options.port,
    reusePort: options.reusePort,
    http2: true,
    ...tls,
    maxRequestBodySize: MAX_CODES_BODY_BYTES,
    idleTimeout: IDLE_TIMEOUT_SECONDS,
    development: false,
    fetch: provider === undefined ? handle : introduceCallers(handle, provider, Date.now),
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
      await refusals.close();
      await refusalThread.close();
      await catalogue.close();
      const drained = await engine.close();
      await database.checkpoint();
      database.close();
      return drained;
    },
  };
}

/** The identity provider that is configured, its keys on their way. */
function openProvider({ members, log }: WebServerOptions): IdentityProvider | undefined {
  if (members?.identityProvider === undefined) return undefined;
  const provider = new IdentityProvider(members.identityProvider, (error) =>
    log.error({ error: String(error) }, "the identity provider's keys cannot be fetched"),
  );
  void provider.warmUp();
  return provider;
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
