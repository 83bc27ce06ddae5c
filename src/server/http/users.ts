/** `POST /v1/users`, `GET /v1/me` and `GET /v1/me/coupons`: a member's own account. */
import { Hono } from "hono";
import type { z } from "zod";
import { couponForRank, couponValidUntilMs } from "../events/event.ts";
import { findMember, registerMember } from "../members/accounts.ts";
import { findCoupons, type MemberCoupon } from "../members/coupons.ts";
import { registrationLimit } from "../members/login-limits.ts";
import { accountProblem, tooManyAttempts } from "./account-problem.ts";
import { readJson } from "./body.ts";
import { requireMemberToken } from "./caller.ts";
import type { Dependencies } from "./dependencies.ts";
import { engineFailureHandler } from "./engine-failure.ts";
import { problem } from "./problem.ts";
import {
  type meSchema,
  type myCouponsSchema,
  type registeredSchema,
  registrationBody,
} from "./users-schema.ts";

/** The routes of members' own accounts. */
export function userRoutes(deps: Dependencies): Hono {
  const { database, nowMs } = deps;
  const routes = new Hono();
  const onEngineFailure = engineFailureHandler(deps);
  const registrations = registrationLimit();

  routes.post("/v1/users", async (c) => {
    if (!deps.isRegistrationOpen) return problem("registration_closed");
    const waitMs = registrations.take(deps.clientAddress(c.req.raw), nowMs());
    if (waitMs > 0) return tooManyAttempts(waitMs);
    const body = registrationBody.safeParse(await readJson(c.req.raw));
    if (!body.success) {
      const detail = "send JSON with `email`, `password` and, if you like, `name`";
      return problem("invalid_request", { detail });
    }
    try {
      const { memberId, email, name } = await registerMember(database, body.data, nowMs());
      c.header("cache-control", "no-store");
      const answer = { memberId, email: email ?? body.data.email, name };
      return c.json(answer satisfies z.infer<typeof registeredSchema>, 201);
    } catch (error) {
      return accountProblem(error, deps);
    }
  });

  routes.get("/v1/me", async (c) => {
    const caller = requireMemberToken(c.req.raw, deps);
    if (caller instanceof Response) return caller;
    const account = await findMember(database, caller.memberId);
    c.header("cache-control", "no-store");
    return c.json({
      memberId: caller.memberId,
      email: account?.email ?? null,
      name: account?.name ?? null,
      role: account?.role === "member" ? "member" : caller.role,
      tokenExpiresAt: isoTime(caller.expiresAtMs),
    } satisfies z.infer<typeof meSchema>);
  });

  routes.get("/v1/me/coupons", async (c) => {
    const caller = requireMemberToken(c.req.raw, deps);
    if (caller instanceof Response) return caller;
    try {
      const found = await findCoupons(deps, caller.memberId, nowMs());
      c.header("cache-control", "no-store");
      return c.json({ coupons: found.map(describe) } satisfies z.infer<typeof myCouponsSchema>);
    } catch (error) {
      return onEngineFailure(error, c.req.raw);
    }
  });

  return routes;
}

function describe({ event, rank, code, issuedAtMs, status }: MemberCoupon) {
  const { kind, value } = couponForRank(event.coupons, rank);
  const validUntilMs = couponValidUntilMs(event, issuedAtMs);
  return {
    eventId: event.id,
    eventName: event.name,
    rank,
    code,
    coupon: { kind, value, validUntil: validUntilMs === null ? null : isoTime(validUntilMs) },
    issuedAt: isoTime(issuedAtMs),
    status,
  };
}

function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
