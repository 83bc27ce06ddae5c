/** A real server over a real ledger that does one thing wrong, to be found out by `simulate`. */
import pino from "pino";
import { DEFAULTS } from "../../src/config.ts";
import { createApp } from "../../src/server/app.ts";
import { Combiner } from "../../src/server/claims/combiner.ts";
import type { ClaimDecision, ClaimEngine } from "../../src/server/claims/engine.ts";
import type { Database } from "../../src/server/database.ts";
import { addWindows, createEvent } from "../../src/server/events/administration.ts";
import { Catalogue } from "../../src/server/events/catalogue.ts";
import type { EventDefinition } from "../../src/server/events/event.ts";
import { LiveFeeds } from "../../src/server/http/live/feeds.ts";
import { RequestCounts } from "../../src/server/http/request-counts.ts";
import type { IssuanceRow } from "../../src/server/ledger/issuance.ts";
import {
  createTokenVerifier,
  type TokenVerifier,
} from "../../src/server/members/token-verifier.ts";
import { createTokenKeys } from "../../src/server/members/tokens.ts";
import { embeddedParts } from "../support/embedded.ts";

const SECRET = "a secret for mutants, of enough bytes";
const EVENT_ID = "mutant";
const MINUTE_MS = 60_000;

/** What is wrong with a server; all that is left out is right. */
export interface Mutation {
  /** Instead of asking the engine. */
  claim?(
    engine: ClaimEngine,
    event: EventDefinition,
    memberIds: readonly string[],
  ): Promise<readonly ClaimDecision[]>;
  /** Instead of the thread that commits, which checks the stock once more. */
  commit?(database: Database, rows: readonly IssuanceRow[]): Promise<void>;
  /** Instead of the clock, for the engine. */
  nowMs?(closesAtMs: number): number;
  /** Instead of checking tokens. */
  verifyToken?(real: TokenVerifier): TokenVerifier;
}

export interface MutantServer extends AsyncDisposable {
  readonly url: string;
  readonly eventId: string;
  readonly ledgerPath: string;
  /** For those who claim, and for who reads the ledger as an administrator. */
  readonly env: Readonly<Record<string, string>>;
}

export interface MutantEvent {
  readonly stock: number;
  /** A minute by default. */
  readonly closesInMs?: number;
}

/** Starts the server, with an event that is open. */
export async function startMutant(
  mutation: Mutation,
  { stock, closesInMs = MINUTE_MS }: MutantEvent,
): Promise<MutantServer> {
  const openedAtMs = Date.now();
  const closesAtMs = openedAtMs + closesInMs;
  const clock = mutation.nowMs;
  const parts = await embeddedParts(clock === undefined ? Date.now : () => clock(closesAtMs));
  const { database, path } = parts;
  const { commit } = mutation;
  const engine = await parts.create((store) =>
    commit === undefined
      ? store
      : {
          commit: (rows) => commit(database, rows),
          ping: () => store.ping(),
          close: () => store.close(),
        },
  );
  await createEvent(database, { id: EVENT_ID, name: "Mutant", stock, windowLengthMs: MINUTE_MS });
  const window = { opensAtMs: openedAtMs, closesAtMs };
  await addWindows(database, EVENT_ID, [window], { nowMs: openedAtMs });
  const catalogue = await Catalogue.open(database);
  const tokenKeys = createTokenKeys({ ...DEFAULTS, secret: SECRET, previousSecret: undefined });
  const verifyToken = createTokenVerifier(tokenKeys);
  const combiner = new Combiner(withClaim(engine, mutation.claim));
  const app = createApp({
    catalogue,
    engine,
    combiner,
    liveFeeds: new LiveFeeds({ catalogue, engine, combiner, nowMs: Date.now }),
    requestCounts: new RequestCounts(),
    limitIdleTime: () => undefined,
    database,
    tokenKeys,
    verifyToken: mutation.verifyToken?.(verifyToken) ?? verifyToken,
    log: pino({ level: "silent" }),
    nowMs: Date.now,
    clientAddress: () => "127.0.0.1",
    isRegistrationOpen: false,
    corsOrigins: new Set(),
    isStopping: () => false,
  });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => app.fetch(request),
  });
  return {
    url: server.url.origin,
    eventId: EVENT_ID,
    ledgerPath: path,
    env: { COUPONLIVE_JWT_SECRET: SECRET },
    [Symbol.asyncDispose]: async () => {
      await server.stop(true);
      await catalogue.close();
      await engine.close();
      database.close();
    },
  };
}

function withClaim(engine: ClaimEngine, claim: Mutation["claim"]): ClaimEngine {
  if (claim === undefined) return engine;
  return {
    kind: engine.kind,
    prepare: (event) => engine.prepare(event),
    claim: (event, memberIds) => claim(engine, event, memberIds),
    find: (event, memberId) => engine.find(event, memberId),
    status: (event) => engine.status(event),
    oldestPendingAtMs: (events) => engine.oldestPendingAtMs(events),
    durability: () => engine.durability(),
    undelivered: (event) => engine.undelivered(event),
    check: () => engine.check(),
    close: () => engine.close(),
  };
}
