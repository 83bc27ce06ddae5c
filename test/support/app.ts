/** The application with all its real parts, at a fixed time, and without a socket. */
import { expect } from "bun:test";
import type { Hono } from "hono";
import pino from "pino";
import { z } from "zod";
import { readAddressRanges } from "../../src/address-ranges.ts";
import { createApp } from "../../src/server/app.ts";
import { Combiner, DEFAULT_COMBINER_LIMITS } from "../../src/server/claims/combiner.ts";
import type { ClaimEngine } from "../../src/server/claims/engine.ts";
import type { Database } from "../../src/server/database.ts";
import { createEvent } from "../../src/server/events/administration.ts";
import { Catalogue } from "../../src/server/events/catalogue.ts";
import { changeCatalogue } from "../../src/server/events/change.ts";
import { createClientAddress } from "../../src/server/http/client-address.ts";
import { DEFAULT_LIVE_LIMITS, LiveFeeds } from "../../src/server/http/live/feeds.ts";
import { isRoute } from "../../src/server/http/method-not-allowed.ts";
import { PROBLEMS } from "../../src/server/http/problem.ts";
import { RequestCounts } from "../../src/server/http/request-counts.ts";
import { createTokenVerifier } from "../../src/server/members/token-verifier.ts";
import { createTokenKeys, type Role, signTokenSync } from "../../src/server/members/tokens.ts";
import { objections } from "../reference/documented.ts";
import { embeddedParts } from "./embedded.ts";

/** The time that it always is. */
export const NOW_MS = Date.parse("2026-11-22T10:00:30Z");
const MINUTE_MS = 60_000;

/** What signs the tokens that it accepts. */
export const keys = createTokenKeys({
  secret: "a secret for tests, of enough bytes",
  previousSecret: undefined,
  issuer: "couponlive",
  audience: "couponlive",
});

const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
});

export interface AppOptions {
  readonly liveLimits?: typeof DEFAULT_LIVE_LIMITS;
  readonly corsOrigins?: readonly string[];
  /** Instead of the embedded one. */
  readonly createEngine?: (database: Database) => Promise<ClaimEngine>;
}

/** Opens it over an empty database. */
export async function openApp({
  liveLimits = DEFAULT_LIVE_LIMITS,
  corsOrigins = [],
  createEngine,
}: AppOptions = {}) {
  const { database, create } = await embeddedParts(() => NOW_MS);
  const engine = await (createEngine?.(database) ?? create());
  const catalogue = await Catalogue.open(database);
  let stopping = false;
  let nowMs = NOW_MS;
  let isClockBroken = false;
  const logged: string[] = [];
  const combiner = new Combiner(engine, { ...DEFAULT_COMBINER_LIMITS, maxQueued: 50 });
  const liveFeeds = new LiveFeeds({ catalogue, engine, combiner, nowMs: () => nowMs }, liveLimits);
  const settings = { peerAddress: "192.0.2.1", isRegistrationOpen: true };
  const app = createApp({
    catalogue,
    engine,
    combiner,
    liveFeeds,
    requestCounts: new RequestCounts(),
    limitIdleTime: () => undefined,
    database,
    tokenKeys: keys,
    verifyToken: createTokenVerifier(keys),
    log: pino({}, { write: (line: string) => logged.push(line) }),
    nowMs: () => {
      if (isClockBroken) throw new Error("the clock is broken");
      return nowMs;
    },
    corsOrigins: new Set(corsOrigins),
    clientAddress: createClientAddress(
      () => settings.peerAddress,
      readAddressRanges("10.0.0.0/8"),
      () => undefined,
    ),
    get isRegistrationOpen() {
      return settings.isRegistrationOpen;
    },
    isStopping: () => stopping,
  });
  holdToReference(app);
  const bearer = (memberId: string, role: Role = "member") => ({
    authorization: `Bearer ${signTokenSync(keys, { memberId, role, lifetimeSeconds: 60, nowMs: NOW_MS })}`,
  });
  return {
    app,
    database,
    catalogue,
    engine,
    liveFeeds,
    bearer,
    logged,
    /** Where requests come from, behind proxies in 10.0.0.0/8, and whether anybody may register. */
    settings,
    moveClock: (ms: number) => {
      nowMs += ms;
    },
    /** Makes whatever asks for the time fail. */
    breakClock: () => {
      isClockBroken = true;
    },
    stop: () => {
      stopping = true;
    },
    /** An event of two coupons whose windows open at these minutes from now. */
    openEvent: async (id: string, opensInMinutes: readonly number[], stock = 2) => {
      await createEvent(database, {
        id,
        name: id,
        stock,
        coupons: [
          { kind: "percent", value: 50, count: 1 },
          { kind: "amount", value: 5_000, count: null },
        ],
      });
      // Written past the rules of scheduling, which refuse windows of the past.
      await changeCatalogue(database, async (transaction, revision) => {
        for (const minutes of opensInMinutes) {
          const opensAtMs = NOW_MS + minutes * MINUTE_MS - 30_000;
          await transaction.run(
            `INSERT INTO windows (event_id, opens_at, closes_at) VALUES ('${id}', ${opensAtMs}, ${opensAtMs + MINUTE_MS})`,
          );
        }
        await transaction.run(`UPDATE events SET revision = ${revision} WHERE id = '${id}'`);
      });
      await catalogue.refresh();
    },
    claim: async (id: string, memberId: string) =>
      await app.request(`/v1/events/${id}/claims`, { method: "POST", headers: bearer(memberId) }),
    mine: async (id: string, memberId: string) =>
      await app.request(`/v1/events/${id}/claims/me`, { headers: bearer(memberId) }),
  };
}

/** Makes every answer that the reference does not have, an error of whichever test got it. */
function holdToReference(app: Hono): void {
  const { request } = app;
  app.request = async (...args) => {
    const answer = await request(...args);
    const [input, init] = args;
    const method = init?.method ?? (input instanceof Request ? input.method : "GET");
    const { pathname } = new URL(input instanceof Request ? input.url : String(input), "http://x");
    const route = app.router.match(method, pathname)[0].find(([[, each]]) => isRoute(each));
    if (route === undefined) return answer;
    const path = route[0][1].path.replace(/:(\w+)/g, "{$1}");
    const wrong = await objections(`${method} ${path}`, answer);
    if (wrong.length > 0) throw new Error(wrong.join("; "));
    return answer;
  };
}

/** Expects the problem document of this code, and returns it. */
export async function expectProblem(
  response: Response,
  code: keyof typeof PROBLEMS,
): Promise<unknown> {
  const body = problemSchema.parse(await response.json());
  expect(body).toMatchObject({
    type: `urn:couponlive:problem:${code}`,
    code,
    status: PROBLEMS[code].status,
    title: PROBLEMS[code].title,
  });
  expect(response.status).toBe(PROBLEMS[code].status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return body;
}
