/** `POST /v1/events/{id}/claims` and `GET /v1/events/{id}/claims/me`. */
import { Hono } from "hono";
import type { z } from "zod";
import { codeForRank } from "../claims/code.ts";
import type { ClaimAnswer } from "../claims/combiner.ts";
import type { Grant } from "../claims/engine.ts";
import { couponForRank, couponValidUntilMs, type EventDefinition } from "../events/event.ts";
import { authenticate, unauthorized } from "./authenticate.ts";
import { requireMemberToken } from "./caller.ts";
import type { claimSchema } from "./claims-schema.ts";
import type { Dependencies } from "./dependencies.ts";
import { engineFailureHandler } from "./engine-failure.ts";
import { fixedProblem, problem } from "./problem.ts";
import { givenRequestId, REQUEST_ID_HEADER } from "./request-id.ts";

/** What a client should wait when the server cannot decide now. */
const RETRY_AFTER_SECONDS = "1";

const unknownEvent = fixedProblem("unknown_event");
const inactiveMember = fixedProblem("inactive_member");
const paused = fixedProblem("paused");
const soldOut = fixedProblem("sold_out");
const ended = fixedProblem("ended");
const overloaded = fixedProblem("overloaded", {}, { "retry-after": RETRY_AFTER_SECONDS });
const shuttingDown = fixedProblem(
  "shutting_down",
  {},
  {
    "retry-after": RETRY_AFTER_SECONDS,
    connection: "close",
  },
);

const created = { status: 201, headers: jsonHeaders() };
const ok = { status: 200, headers: jsonHeaders() };

/** The routes of claims. No SQL and no awaiting but for the engine. */
export function claimRoutes(deps: Dependencies): Hono {
  const routes = new Hono();
  const onEngineFailure = engineFailureHandler(deps);

  routes.post("/v1/events/:id/claims", async (c) => {
    const request = c.req.raw;
    if (deps.isStopping()) return refuse(shuttingDown(), request);
    const caller = authenticate(request.headers.get("authorization"), deps);
    if (caller === undefined) return refuse(unauthorized(), request);
    const event = deps.catalogue.get(c.req.param("id"));
    if (event === undefined) return refuse(unknownEvent(), request);
    if (!deps.catalogue.isActive(caller.memberId)) return refuse(inactiveMember(), request);
    try {
      return named(answer(event, await deps.combiner.claim(event, caller.memberId)), request);
    } catch (error) {
      return named(onEngineFailure(error, request), request);
    }
  });

  /** A claim that does not reach the combiner, which counts the others. */
  const refuse = (response: Response, request: Request): Response => {
    deps.requestCounts.count("claims", response.status);
    return named(response, request);
  };

  routes.get("/v1/events/:id/claims/me", async (c) => {
    const caller = requireMemberToken(c.req.raw, deps);
    if (caller instanceof Response) return caller;
    const event = deps.catalogue.get(c.req.param("id"));
    if (event === undefined) return unknownEvent();
    try {
      const grant = await deps.engine.find(event, caller.memberId);
      if (grant === undefined) return problem("no_claim");
      return new Response(issuanceBody("already_issued", event, grant), ok);
    } catch (error) {
      return onEngineFailure(error, c.req.raw);
    }
  });

  return routes;
}

/** A request id that came with the claim goes back with its answer; none is made up here. */
function named(response: Response, request: Request): Response {
  const id = givenRequestId(request);
  if (id !== undefined) response.headers.set(REQUEST_ID_HEADER, id);
  return response;
}

function answer(event: EventDefinition, decision: ClaimAnswer): Response {
  switch (decision.outcome) {
    case "issued":
      return new Response(issuanceBody("issued", event, decision.grant), created);
    case "already_issued":
      return new Response(issuanceBody("already_issued", event, decision.grant), ok);
    case "sold_out":
      return soldOut();
    case "ended":
      return ended();
    case "paused":
      return paused();
    case "overloaded":
      return overloaded();
    case "not_open":
    case "window_exhausted":
      return notOpen(decision.outcome, decision.decidedAtMs, decision.opensAtMs);
  }
}

/** Names the next opening, so that an impatient client knows when to come back (RFC 9110, 10.2.3). */
function notOpen(
  code: "not_open" | "window_exhausted",
  decidedAtMs: number,
  opensAtMs: number | null,
): Response {
  if (opensAtMs === null) return problem(code, { opensAt: null });
  const waitSeconds = Math.max(1, Math.ceil((opensAtMs - decidedAtMs) / 1_000));
  return problem(
    code,
    { opensAt: new Date(opensAtMs).toISOString() },
    { "retry-after": String(waitSeconds) },
  );
}

function issuanceBody(
  status: "issued" | "already_issued",
  event: EventDefinition,
  grant: Grant,
): string {
  const { kind, value } = couponForRank(event.coupons, grant.rank);
  const validUntilMs = couponValidUntilMs(event, grant.issuedAtMs);
  const validUntil = validUntilMs === null ? null : new Date(validUntilMs).toISOString();
  return JSON.stringify({
    status,
    eventId: event.id,
    rank: grant.rank,
    code: codeForRank(event, grant.rank),
    coupon: { kind, value, validUntil },
    issuedAt: new Date(grant.issuedAtMs).toISOString(),
  } satisfies z.infer<typeof claimSchema>);
}

function jsonHeaders(): Record<string, string> {
  return {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
}
