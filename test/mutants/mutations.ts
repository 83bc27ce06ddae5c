/** The ways in which a server can be wrong, each of which `simulate` must find. */
import type { ClaimDecision, Grant } from "../../src/server/claims/engine.ts";
import { insertMissing } from "../../src/server/ledger/insert.ts";
import type { Mutation } from "./mutant-server.ts";

const DAY_MS = 86_400_000;
/** Of the claims that a mutant decides, this one is the wronged member's. */
const WRONGED_CLAIM = 3;

/** Decides claims one by one, in their order. */
function eachClaim(
  decide: (
    memberId: string,
    number: number,
    ask: (memberId: string) => Promise<ClaimDecision>,
    now: { readonly windowId: number; readonly stock: number },
  ) => Promise<ClaimDecision>,
): NonNullable<Mutation["claim"]> {
  let number = 0;
  return async (engine, event, memberIds) => {
    const ask = async (memberId: string) => {
      const [decision] = await engine.claim(event, [memberId]);
      if (decision === undefined) throw new Error("the engine left a claim undecided");
      return decision;
    };
    const now = { windowId: event.windows[0]?.id ?? 0, stock: event.stock };
    const decisions: ClaimDecision[] = [];
    for (const memberId of memberIds) decisions.push(await decide(memberId, ++number, ask, now));
    return decisions;
  };
}

/** The engine believes in one coupon more than there is, and nobody checks. */
export const oneTooMany: Mutation = {
  commit: async (database, rows) => {
    await insertMissing(database.client, rows);
  },
  claim: (engine, event, memberIds) =>
    engine.claim({ ...event, stock: event.stock + 1, revision: event.revision + 1 }, memberIds),
};

/** Whoever comes again is somebody else. */
export function duplicate(): Mutation {
  const seen = new Set<string>();
  return {
    claim: eachClaim(async (memberId, _number, ask) => {
      const again = seen.has(memberId);
      seen.add(memberId);
      return await ask(again ? `${memberId}-again` : memberId);
    }),
  };
}

/** One member is told of a coupon, and told again, that was never written down. */
export function lostIssuance(): Mutation {
  let wronged = "";
  return {
    claim: eachClaim(async (memberId, number, ask, { windowId, stock }) => {
      const isFirst = number === WRONGED_CLAIM;
      if (isFirst) wronged = memberId;
      if (memberId !== wronged) return await ask(memberId);
      const grant = { rank: stock, windowId, issuedAtMs: Date.now() };
      return { outcome: isFirst ? "issued" : "already_issued", grant };
    }),
  };
}

/** One of the first members is sent away although there are coupons. */
export function earlySoldOut(): Mutation {
  return {
    claim: eachClaim(async (memberId, number, ask) =>
      number === WRONGED_CLAIM
        ? { outcome: "sold_out", decidedAtMs: Date.now() }
        : await ask(memberId),
    ),
  };
}

/** Every third claim is sent away as if the event, which is open, were in another state. */
export function wrongRefusal(
  outcome: "not_open" | "window_exhausted" | "paused" | "ended",
): Mutation {
  return {
    claim: eachClaim(async (memberId, number, ask) => {
      if (number % 3 > 0) return await ask(memberId);
      const decidedAtMs = Date.now();
      if (outcome === "paused" || outcome === "ended") return { outcome, decidedAtMs };
      return { outcome, decidedAtMs, opensAtMs: null };
    }),
  };
}

/** The clock stands still just before the end of the window, so that the ledger looks right. */
export const stoppedClock: Mutation = {
  nowMs: (closesAtMs) => Math.min(Date.now(), closesAtMs - 1),
};

/** The window closes a minute late, and the ledger says so. */
export const lateClosing: Mutation = {
  claim: (engine, event, memberIds) =>
    engine.claim(
      {
        ...event,
        revision: event.revision + 1,
        windows: event.windows.map((window) => ({
          ...window,
          closesAtMs: window.closesAtMs + 60_000,
        })),
      },
      memberIds,
    ),
};

/** A token that expired yesterday will do. */
export const expiredAccepted: Mutation = {
  verifyToken: (real) => (token, nowMs) => real(token, nowMs) ?? real(token, nowMs - DAY_MS),
};

/** One member is told of the coupon that another one was issued. */
export function sharedCode(): Mutation {
  let first: Grant | undefined;
  return {
    claim: eachClaim(async (memberId, number, ask) => {
      if (number === WRONGED_CLAIM && first !== undefined) {
        return { outcome: "issued", grant: first };
      }
      const decision = await ask(memberId);
      if (decision.outcome === "issued") first ??= decision.grant;
      return decision;
    }),
  };
}
