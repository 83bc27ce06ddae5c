/** Who may do what: every route, asked by everyone who may come along. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { z } from "zod";
import { isRoute } from "../../src/server/http/method-not-allowed.ts";
import type { Access } from "../../src/server/http/openapi/operation.ts";
import { OPERATIONS } from "../../src/server/http/openapi/operations.ts";
import { createTokenKeys, signTokenSync } from "../../src/server/members/tokens.ts";
import { keys, NOW_MS } from "../support/app.ts";
import { CALLS } from "./calls.ts";
import { nameOf } from "./documented.ts";
import { ADMINISTRATOR, MEMBER, openWorld, send, type World } from "./world.ts";

const LIFETIME_SECONDS = 60;

/** Who asks, in the order of the columns. */
const CALLERS = [
  /** Without a token. */
  "none",
  /** An active member, who has a coupon of the event `open`. */
  "member",
  /** Another active member, who has none. */
  "another",
  /** An administrator. */
  "admin",
  /** Who was an administrator when the token was issued, and is a member now. */
  "demoted",
  /** An administrator with a token that was valid until now. */
  "expired",
  /** With an administrator's token that another secret signed. */
  "forged",
  /** A member whose account is switched off, with a valid token. */
  "deactivated",
  /** An administrator whose account is switched off, with a valid token. */
  "deactivatedAdmin",
] as const;
type Caller = (typeof CALLERS)[number];

/** A status, or the code of a problem. */
type Outcome = number | string;
type Row = Readonly<Record<Caller, Outcome>>;

/** The same to everyone, whoever asks or pretends to. */
function anyone(outcome: Outcome): Row {
  return {
    none: outcome,
    member: outcome,
    another: outcome,
    admin: outcome,
    demoted: outcome,
    expired: outcome,
    forged: outcome,
    deactivated: outcome,
    deactivatedAdmin: outcome,
  };
}

/** A member's own things: what the one gets who has a coupon, and what everybody else. */
function own(member: Outcome, others: Outcome): Row {
  return {
    none: "unauthorized",
    member,
    another: others,
    admin: others,
    demoted: others,
    expired: "unauthorized",
    forged: "unauthorized",
    deactivated: "inactive_member",
    deactivatedAdmin: "inactive_member",
  };
}

/** What only administrators do. */
function administrators(admin: Outcome): Row {
  return {
    none: "unauthorized",
    member: "forbidden",
    another: "forbidden",
    admin,
    demoted: "forbidden",
    expired: "unauthorized",
    forged: "unauthorized",
    deactivated: "inactive_member",
    deactivatedAdmin: "inactive_member",
  };
}

/** By the names of operations; what is sent is in calls.ts. */
const TABLE: Readonly<Record<string, Row>> = {
  "POST /v1/events/{id}/claims": own(200, 201),
  // Asked after the claims above: those who have no coupon are told so by the next test.
  "GET /v1/events/{id}/claims/me": own(200, 200),

  "GET /v1/events": anyone(200),
  "GET /v1/events/{id}": anyone(200),
  "GET /v1/events/{id}/live": anyone(200),

  "POST /v1/auth/login": anyone(200),
  "POST /v1/users": anyone(201),
  "GET /v1/me": own(200, 200),
  "GET /v1/me/coupons": own(200, 200),

  "GET /v1/admin/events": administrators(200),
  "POST /v1/admin/events": administrators(201),
  "GET /v1/admin/events/{id}": administrators(200),
  "PATCH /v1/admin/events/{id}": administrators(200),
  "DELETE /v1/admin/events/{id}": administrators(204),
  "POST /v1/admin/events/{id}/pause": administrators(200),
  "POST /v1/admin/events/{id}/resume": administrators(200),
  "POST /v1/admin/events/{id}/end": administrators(200),
  "POST /v1/admin/events/{id}/restock": administrators(200),
  "POST /v1/admin/events/{id}/clone": administrators(201),
  "PUT /v1/admin/events/{id}/codes": administrators(200),
  "GET /v1/admin/events/{id}/audit": administrators(200),
  "GET /v1/admin/events/{id}/windows": administrators(200),
  "POST /v1/admin/events/{id}/windows": administrators(201),
  "DELETE /v1/admin/events/{id}/windows/{windowId}": administrators(204),

  "GET /v1/admin/events/{id}/issuances": administrators(200),
  "GET /v1/admin/events/{id}/issuances/{rank}": administrators(200),
  "GET /v1/admin/events/{id}/issuances.csv": administrators(200),
  "GET /v1/admin/events/{id}/issuances.ndjson": administrators(200),
  "GET /v1/admin/events/{id}/stats": administrators(200),
  "GET /v1/admin/events/{id}/why/{memberId}": administrators(200),
  "POST /v1/coupons/{code}/redeem": administrators(200),
  "POST /v1/admin/events/{id}/revocations": administrators(200),

  "GET /v1/admin/users": administrators(200),
  "POST /v1/admin/users": administrators(201),
  "GET /v1/admin/users/{id}": administrators(200),
  "PATCH /v1/admin/users/{id}": administrators(200),

  "GET /healthz": anyone(200),
  "GET /readyz": anyone(200),
  "GET /openapi.json": anyone(200),
  "GET /docs": anyone(200),
  "GET /docs/{asset}": anyone(200),
};

const problemSchema = z.object({ code: z.string() });
const strangerKeys = createTokenKeys({
  secret: "a secret that the server does not know",
  previousSecret: undefined,
  issuer: keys.issuer,
  audience: keys.audience,
});

let world: World;
let tokens: Readonly<Record<Caller, Readonly<Record<string, string>>>>;

beforeAll(async () => {
  world = await openWorld();
  const { at, kim, offMemberId, offAdminId } = world;
  tokens = {
    none: {},
    member: at.bearer(MEMBER),
    another: at.bearer("another"),
    admin: at.bearer(ADMINISTRATOR, "admin"),
    demoted: at.bearer(kim.memberId, "admin"),
    expired: administratorsToken(keys, NOW_MS - LIFETIME_SECONDS * 1_000),
    forged: administratorsToken(strangerKeys, NOW_MS),
    deactivated: at.bearer(offMemberId),
    deactivatedAdmin: at.bearer(offAdminId, "admin"),
  };
});
afterAll(() => world.close());

function administratorsToken(by: typeof keys, nowMs: number): Record<string, string> {
  const request = { memberId: ADMINISTRATOR, role: "admin" } as const;
  const token = signTokenSync(by, { ...request, lifetimeSeconds: LIFETIME_SECONDS, nowMs });
  return { authorization: `Bearer ${token}` };
}

async function outcome(name: string, caller: Caller): Promise<Outcome> {
  const right = CALLS[name]?.(world);
  if (right === undefined) throw new Error(`calls.ts has no ${name}`);
  const headers = { ...right.headers, ...tokens[caller] };
  const answer = await send(world.at, { ...right, headers });
  const isProblem = answer.headers.get("content-type") === "application/problem+json";
  if (isProblem) return problemSchema.parse(await answer.json()).code;
  await answer.body?.cancel();
  return answer.status;
}

test("every route has its row", () => {
  const routes = world.at.app.routes.filter(isRoute);
  const names = routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  expect(new Set(Object.keys(TABLE))).toEqual(new Set(names));
});

test.each(Object.entries(TABLE))("%s", async (name, row) => {
  const outcomes: Partial<Record<Caller, Outcome>> = {};
  for (const caller of CALLERS) outcomes[caller] = await outcome(name, caller);
  expect(outcomes).toEqual(row);
});

test("a member sees no other member's coupon", async () => {
  const { at, code } = world;
  await at.openEvent("private", [0]);
  await at.claim("private", MEMBER);
  const mine = await (await at.mine("private", "stranger")).json();
  expect(mine).toMatchObject({ code: "no_claim" });
  const coupons = await send(at, { call: "GET /v1/me/coupons" }, { as: "stranger" });
  expect(await coupons.json()).toEqual({ coupons: [] });
  const owned = await send(at, { call: "GET /v1/me/coupons" }, { as: MEMBER });
  expect(JSON.stringify(await owned.json())).toContain(code);
});

test("the reference says who may ask as the table does", () => {
  const shown = Object.entries(TABLE).map(([name, { none, member }]): [string, Access] => {
    if (none !== "unauthorized") return [name, "anyone"];
    return [name, member === "forbidden" ? "administrator" : "member"];
  });
  const said = OPERATIONS.map((operation) => [nameOf(operation), operation.access]);
  expect(Object.fromEntries(said)).toEqual(Object.fromEntries(shown));
});
