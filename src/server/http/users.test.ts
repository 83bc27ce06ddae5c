import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { z } from "zod";
import { audit, issuances } from "../../../schema/tables.ts";
import { expectProblem, NOW_MS, openApp } from "../../../test/support/app.ts";
import { changeCatalogue } from "../events/change.ts";
import { createMember, findMember } from "../members/accounts.ts";
import { changeMember } from "../members/administration.ts";
import { ACCOUNT_LIMIT, PAIR_LIMIT, REGISTRATION_LIMIT } from "../members/login-limits.ts";
import { PASSWORD_RULE } from "../members/passwords.ts";
import {
  loginSchema,
  meSchema,
  myCouponsSchema,
  registeredSchema,
  userSchema,
  usersPageSchema,
} from "./users-schema.ts";

const password = "correct horse battery";

type App = Awaited<ReturnType<typeof openApp>>;

/** Sends JSON, as a member where one is named. */
async function send(
  at: App,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  return await at.app.request(path, { method, headers, ...init });
}

describe("a member's own account", () => {
  let at: App;
  beforeAll(async () => {
    at = await openApp();
  });
  afterAll(() => at.catalogue.close());

  test("is registered, logs in, and says who it is", async () => {
    const made = await send(at, "POST", "/v1/users", { email: "A@example.test", password });
    expect(made.status).toBe(201);
    expect(made.headers.get("cache-control")).toBe("no-store");
    const { memberId } = registeredSchema.parse(await made.json());
    const login = await send(at, "POST", "/v1/auth/login", { email: "a@example.test", password });
    const { token } = loginSchema.parse(await login.json());
    const me = await send(at, "GET", "/v1/me", undefined, { authorization: `Bearer ${token}` });
    expect(meSchema.strict().parse(await me.json())).toMatchObject({
      memberId,
      email: "a@example.test",
      role: "member",
    });
    const outside = await send(at, "GET", "/v1/me", undefined, at.bearer("auth0|7", "admin"));
    expect(await outside.json()).toEqual({
      memberId: "auth0|7",
      email: null,
      name: null,
      role: "admin",
      tokenExpiresAt: new Date(NOW_MS + 60_000).toISOString(),
    });
  });

  test("is refused where the e-mail is taken, the body is bad, or accounts are not made here", async () => {
    const register = (body: unknown) => send(at, "POST", "/v1/users", body);
    at.settings.peerAddress = "192.0.2.50";
    await createMember(at.database, { email: "taken@example.test" }, "program");
    await expectProblem(await register({ email: "TAKEN@example.test", password }), "email_taken");
    const short = await register({ email: "b@example.test", password: "short" });
    expect(await expectProblem(short, "invalid_request")).toMatchObject({ detail: PASSWORD_RULE });
    for (const body of [
      [],
      { email: "b@example.test" },
      // Neither an id, which may be somebody's elsewhere, nor a role is theirs to choose.
      { email: "b@example.test", password, id: "root" },
      { email: "b@example.test", password, role: "admin" },
    ]) {
      await expectProblem(await register(body), "invalid_request");
    }
    at.settings.isRegistrationOpen = false;
    const closed = await register({ email: "b@example.test", password });
    await expectProblem(closed, "registration_closed");
    at.settings.isRegistrationOpen = true;
  });

  test("is made only so often from one address", async () => {
    at.settings.peerAddress = "192.0.2.51";
    const register = () => send(at, "POST", "/v1/users", {});
    for (let n = 0; n < REGISTRATION_LIMIT.burst; n++) {
      await expectProblem(await register(), "invalid_request");
    }
    const refused = await register();
    expect(refused.headers.get("retry-after")).toBe("30");
    await expectProblem(refused, "too_many_attempts");
    at.settings.peerAddress = "192.0.2.52";
    await expectProblem(await register(), "invalid_request");
  });
});

test("a member's coupons: from the ledger, with what became of them, and fresh from the engine", async () => {
  const at = await openApp();
  await at.openEvent("old", [-60], 10);
  await at.openEvent("now", [0], 10);
  await at.openEvent("later", [60], 10);
  await changeCatalogue(at.database, async (transaction, revision) => {
    const validUntilMs = NOW_MS + 5_000;
    await transaction.run(
      `UPDATE events SET valid_until = ${validUntilMs}, revision = ${revision} WHERE id = 'old'`,
    );
  });
  await at.catalogue.refresh();
  const row = { eventId: "old", rank: 3, userId: "kim", code: "OLD-3", windowId: 1 };
  await at.database.orm
    .insert(issuances)
    .values({ ...row, issuedAtMs: NOW_MS - 3_600_000, status: "redeemed" });
  await at.claim("now", "lee");
  const { code } = z
    .object({ code: z.string() })
    .parse(await (await at.claim("now", "kim")).json());
  const ask = async (memberId: string) => {
    const answer = await send(at, "GET", "/v1/me/coupons", undefined, at.bearer(memberId));
    return myCouponsSchema.parse(await answer.json()).coupons;
  };
  const expected = [
    {
      eventId: "now",
      eventName: "now",
      rank: 2,
      code,
      coupon: { kind: "amount", value: 5_000, validUntil: null },
      issuedAt: new Date(NOW_MS).toISOString(),
      status: "issued",
    },
    {
      eventId: "old",
      eventName: "old",
      rank: 3,
      code: "OLD-3",
      coupon: {
        kind: "amount",
        value: 5_000,
        validUntil: new Date(NOW_MS + 5_000).toISOString(),
      },
      issuedAt: new Date(NOW_MS - 3_600_000).toISOString(),
      status: "redeemed",
    },
  ] as const;
  expect(await ask("kim")).toEqual([...expected]);
  expect(await ask("nobody")).toEqual([]);
  // The same once the engine has brought it to the ledger.
  await at.engine.close();
  expect(await ask("kim")).toEqual([...expected]);
  await at.catalogue.close();
});

describe("limits on log-ins", () => {
  let at: App;
  beforeAll(async () => {
    at = await openApp();
    for (const id of ["kim", "lee"]) {
      await createMember(at.database, { id, email: `${id}@example.test`, password }, "program");
    }
  });
  afterAll(() => at.catalogue.close());
  beforeEach(() => {
    at.moveClock(3_600_000);
  });

  const login = async (email: string, tried: string, from: string, headers = {}) => {
    at.settings.peerAddress = from;
    return await send(at, "POST", "/v1/auth/login", { email, password: tried }, headers);
  };
  const fail = async (email: string, from: string, times: number, headers = {}) => {
    for (let n = 0; n < times; n++) {
      await expectProblem(await login(email, "wrong horse", from, headers), "invalid_credentials");
    }
  };

  test("an address that fails on an account waits, whether or not it exists; others do not", async () => {
    for (const email of ["kim@example.test", "nobody@example.test"]) {
      await fail(email, "198.51.100.1", PAIR_LIMIT.burst);
      for (const [written, tried] of [
        [email, password],
        [` ${email.toUpperCase()}`, "wrong horse"],
      ] as const) {
        const refused = await login(written, tried, "198.51.100.1");
        expect(refused.headers.get("retry-after")).toBe("30");
        await expectProblem(refused, "too_many_attempts");
      }
    }
    expect((await login("kim@example.test", password, "198.51.100.2")).status).toBe(200);
    expect((await login("lee@example.test", password, "198.51.100.1")).status).toBe(200);
    at.moveClock(PAIR_LIMIT.refillMs);
    expect((await login("kim@example.test", password, "198.51.100.1")).status).toBe(200);
    // And what failed before is forgiven.
    await fail("kim@example.test", "198.51.100.1", PAIR_LIMIT.burst);
  });

  test("many addresses that fail on an account wait for each other; a fresh one gets in", async () => {
    for (let n = 0; n < ACCOUNT_LIMIT.burst; n++)
      await fail("kim@example.test", `203.0.113.${n}`, 1);
    const refused = await login("kim@example.test", "wrong horse", "203.0.113.0");
    expect(refused.headers.get("retry-after")).toBe("3");
    await expectProblem(refused, "too_many_attempts");
    expect((await login("kim@example.test", password, "198.51.100.9")).status).toBe(200);
  });

  test("X-Forwarded-For counts only where a trusted proxy sends it, and only what that wrote", async () => {
    const through = (client: string) => ({
      "x-forwarded-for": `203.0.113.77, ${client}, 10.0.0.9`,
    });
    await fail("kim@example.test", "10.0.0.1", PAIR_LIMIT.burst, through("198.51.100.1"));
    const refused = await login("kim@example.test", password, "10.0.0.2", through("198.51.100.1"));
    await expectProblem(refused, "too_many_attempts");
    const other = await login("kim@example.test", password, "10.0.0.1", through("198.51.100.2"));
    expect(other.status).toBe(200);
    // A stranger makes up addresses: all of them count as the stranger's own.
    for (let n = 0; n < PAIR_LIMIT.burst; n++) {
      await fail("lee@example.test", "198.51.100.5", 1, through(`192.0.2.${n}`));
    }
    const made = await login("lee@example.test", password, "198.51.100.5", through("192.0.2.99"));
    await expectProblem(made, "too_many_attempts");
  });
});

describe("accounts for administrators", () => {
  let at: App;
  const root = () => at.bearer("root", "admin");
  beforeAll(async () => {
    at = await openApp();
  });
  afterAll(() => at.catalogue.close());

  test("are made, listed, shown and changed, in the administrator's name", async () => {
    const ask = (method: string, path: string, body?: unknown) =>
      send(at, method, `/v1/admin/users${path}`, body, root());
    const made = await ask("POST", "", { id: "a/b", email: "B@example.test", password });
    expect(made.status).toBe(201);
    expect(userSchema.strict().parse(await made.json())).toEqual({
      memberId: "a/b",
      email: "b@example.test",
      name: null,
      role: "member",
      active: true,
      hasPassword: true,
      createdAt: new Date(NOW_MS).toISOString(),
    });
    expect((await ask("POST", "", { id: "auth0|1" })).status).toBe(201);
    const changed = await ask("PATCH", "/a%2Fb", { active: false, role: "admin", name: "B" });
    expect(await changed.json()).toMatchObject({ active: false, role: "admin", name: "B" });
    expect(await (await ask("GET", "/a%2Fb")).json()).toMatchObject({ name: "B" });

    const first = usersPageSchema.parse(await (await ask("GET", "?limit=1")).json());
    expect(first).toMatchObject({ users: [{ memberId: "a/b" }], nextAfterId: "a/b" });
    const second = usersPageSchema.parse(await (await ask("GET", "?limit=1&afterId=a%2Fb")).json());
    expect(second).toMatchObject({ users: [{ memberId: "auth0|1" }], nextAfterId: null });
    const found = usersPageSchema.parse(await (await ask("GET", "?emailPrefix=b@")).json());
    expect(found.users).toHaveLength(1);

    const actors = await at.database.orm.select({ actor: audit.actor }).from(audit);
    expect(new Set(actors.map(({ actor }) => actor))).toEqual(new Set(["member:root"]));
  });

  test("are refused with a stable code", async () => {
    const ask = async (method: string, path: string, body?: unknown) =>
      await send(at, method, `/v1/admin/users${path}`, body, root());
    await createMember(at.database, { id: "c", email: "c@example.test" }, "program");
    await expectProblem(await ask("POST", "", { id: "c" }), "id_taken");
    await expectProblem(await ask("POST", "", { email: "c@example.test" }), "email_taken");
    await expectProblem(await ask("GET", "/nobody"), "unknown_member");
    await expectProblem(await ask("PATCH", "/nobody", { active: false }), "unknown_member");
    for (const body of [undefined, {}, { name: "x" }, { id: "d", active: 1 }]) {
      await expectProblem(await ask("POST", "", body), "invalid_request");
    }
    for (const body of [{}, { active: "no" }, { owner: true }, { password: "short" }]) {
      await expectProblem(await ask("PATCH", "/c", body), "invalid_request");
    }
    for (const query of ["?limit=0", "?limit=1001", "?after=c"]) {
      await expectProblem(await ask("GET", query), "invalid_request");
    }
  });
});

describe("whoever was switched off or is no administrator any more", () => {
  let at: App;
  beforeAll(async () => {
    at = await openApp();
    await at.openEvent("open", [0]);
    await createMember(at.database, { id: "boss", role: "admin" }, "program");
    await createMember(at.database, { id: "kim" }, "program");
  });
  afterAll(() => at.catalogue.close());
  const asBoss = async (path: string) =>
    await at.app.request(path, { headers: at.bearer("boss", "admin") });
  const ADMIN_PATHS = ["/v1/admin/users", "/v1/admin/events/open/issuances", "/v1/admin/nowhere"];

  test("an old admin token is refused once the role or the account is taken away", async () => {
    expect((await asBoss("/v1/admin/users")).status).toBe(200);
    await changeMember(at.database, "boss", { role: "member" }, "program");
    for (const path of ADMIN_PATHS) await expectProblem(await asBoss(path), "forbidden");
    expect(await (await asBoss("/v1/me")).json()).toMatchObject({ role: "member" });
    await changeMember(at.database, "boss", { role: "admin", active: false }, "program");
    for (const path of ADMIN_PATHS) await expectProblem(await asBoss(path), "inactive_member");
    await changeMember(at.database, "boss", { active: true }, "program");
    expect((await asBoss("/v1/admin/users")).status).toBe(200);
    expect(await findMember(at.database, "boss")).toMatchObject({ role: "admin" });
  });

  test("a role given is used by new tokens only", async () => {
    await changeMember(at.database, "kim", { role: "admin" }, "program");
    const refused = await at.app.request("/v1/admin/users", { headers: at.bearer("kim") });
    await expectProblem(refused, "forbidden");
  });

  test("a member who was switched off is refused on every route of members", async () => {
    await changeMember(at.database, "kim", { active: false }, "program");
    await at.catalogue.refresh();
    for (const path of ["/v1/me", "/v1/me/coupons", "/v1/events/open/claims/me"]) {
      await expectProblem(
        await at.app.request(path, { headers: at.bearer("kim") }),
        "inactive_member",
      );
      await expectProblem(await at.app.request(path), "unauthorized");
    }
    await expectProblem(await at.claim("open", "kim"), "inactive_member");
  });
});
