import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import pino from "pino";
import { z } from "zod";
import { embeddedParts } from "../../test/support/embedded.ts";
import { createApp } from "./app.ts";
import { Combiner, DEFAULT_COMBINER_LIMITS } from "./claims/combiner.ts";
import { createEvent, endEvent, pauseEvent } from "./events/administration.ts";
import { Catalogue } from "./events/catalogue.ts";
import { changeCatalogue } from "./events/change.ts";
import { PROBLEMS } from "./http/problem.ts";
import { countOutbox } from "./ledger/outbox.ts";
import { createMember } from "./members/accounts.ts";
import { createTokenVerifier } from "./members/token-verifier.ts";
import { createTokenKeys, type Role, signTokenSync } from "./members/tokens.ts";

const NOW_MS = Date.parse("2026-11-22T10:00:30Z");
const MINUTE_MS = 60_000;

const keys = createTokenKeys({
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

/** The application with all its real parts, at a fixed time, and without a socket. */
async function openApp() {
  const { database, create } = await embeddedParts(() => NOW_MS);
  const engine = await create();
  const catalogue = await Catalogue.open(database);
  let stopping = false;
  let nowMs = NOW_MS;
  const logged: string[] = [];
  const app = createApp({
    catalogue,
    engine,
    combiner: new Combiner(engine, { ...DEFAULT_COMBINER_LIMITS, maxQueued: 50 }),
    database,
    tokenKeys: keys,
    verifyToken: createTokenVerifier(keys),
    log: pino({}, { write: (line: string) => logged.push(line) }),
    nowMs: () => nowMs,
    isStopping: () => stopping,
  });
  const bearer = (memberId: string, role: Role = "member") => ({
    authorization: `Bearer ${signTokenSync(keys, { memberId, role, lifetimeSeconds: 60, nowMs: NOW_MS })}`,
  });
  return {
    app,
    database,
    catalogue,
    engine,
    bearer,
    logged,
    moveClock: (ms: number) => {
      nowMs += ms;
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

async function expectProblem(response: Response, code: keyof typeof PROBLEMS): Promise<unknown> {
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

test("docs/http.md lists every problem as it is", async () => {
  const text = await Bun.file(new URL("../../docs/http.md", import.meta.url)).text();
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\d+) \| (.+) \|$/gm)];
  const documented = rows.map(([, code, status, title]) => [
    code,
    { status: Number(status), title },
  ]);
  expect(Object.fromEntries(documented)).toEqual(PROBLEMS);
});

describe("claims over HTTP", () => {
  let at: Awaited<ReturnType<typeof openApp>>;
  beforeAll(async () => {
    at = await openApp();
    await at.openEvent("open", [0]);
  });
  afterAll(() => at.catalogue.close());

  test("201 with the coupon of the rank, 200 with the same again, 410 when all are gone", async () => {
    const first = await at.claim("open", "alice");
    expect(first.status).toBe(201);
    expect(first.headers.get("cache-control")).toBe("no-store");
    const issued = await first.json();
    expect(issued).toEqual({
      status: "issued",
      eventId: "open",
      rank: 1,
      code: expect.stringMatching(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/),
      coupon: { kind: "percent", value: 50 },
      issuedAt: new Date(NOW_MS).toISOString(),
    });
    const second = await (await at.claim("open", "bob")).json();
    expect(second).toMatchObject({ rank: 2, coupon: { kind: "amount", value: 5_000 } });
    for (const again of [await at.claim("open", "alice"), await at.mine("open", "alice")]) {
      expect(again.status).toBe(200);
      expect(await again.json()).toEqual({ ...Object(issued), status: "already_issued" });
    }
    await expectProblem(await at.claim("open", "carol"), "sold_out");
    await expectProblem(await at.mine("open", "carol"), "no_claim");
  });

  test("404 for an event that there is not", async () => {
    await expectProblem(await at.claim("nothing", "alice"), "unknown_event");
    await expectProblem(await at.mine("nothing", "alice"), "unknown_event");
    await expectProblem(await at.app.request("/v1/events/nothing"), "unknown_event");
    await expectProblem(await at.app.request("/v2"), "not_found");
  });

  test("409 with the next opening between windows, and without one after the last", async () => {
    await at.openEvent("between", [-10, 10]);
    const between = await at.claim("between", "alice");
    expect(between.headers.get("retry-after")).toBe("570");
    expect(await expectProblem(between, "not_open")).toMatchObject({
      opensAt: "2026-11-22T10:10:00.000Z",
    });
    await at.openEvent("over", [-10]);
    const over = await at.claim("over", "alice");
    expect(over.headers.get("retry-after")).toBeNull();
    expect(await expectProblem(over, "not_open")).toMatchObject({ opensAt: null });
  });

  test("409 while paused, 410 once ended", async () => {
    await at.openEvent("held", [0]);
    await pauseEvent(at.database, "held");
    await at.catalogue.refresh();
    await expectProblem(await at.claim("held", "alice"), "paused");
    await endEvent(at.database, "held");
    await at.catalogue.refresh();
    await expectProblem(await at.claim("held", "alice"), "ended");
  });

  test("401 without a valid token, with the challenge of RFC 6750", async () => {
    const valid = signTokenSync(keys, {
      memberId: "m",
      role: "member",
      lifetimeSeconds: 60,
      nowMs: NOW_MS,
    });
    const expired = signTokenSync(keys, {
      memberId: "m",
      role: "member",
      lifetimeSeconds: 60,
      nowMs: NOW_MS - 61_000,
    });
    const refused = [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      `Basic ${valid}`,
      valid,
      `Bearer ${valid}x`,
      `Bearer ${expired}`,
    ];
    for (const authorization of refused) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const response = await at.app.request("/v1/events/open/claims", { method: "POST", headers });
      expect(response.headers.get("www-authenticate")).toStartWith("Bearer");
      await expectProblem(response, "unauthorized");
    }
    const lowerCase = { authorization: `bearer ${valid}` };
    const accepted = await at.app.request("/v1/events/open/claims/me", { headers: lowerCase });
    await expectProblem(accepted, "no_claim");
  });

  test("4: 403 for a member who was switched off", async () => {
    await at.openEvent("members", [0]);
    const member = await createMember(at.database, {
      email: "off@example.test",
      password: "long enough",
    });
    expect((await at.claim("members", member.memberId)).status).toBe(201);
    await changeCatalogue(at.database, async (transaction) => {
      await transaction.run(`UPDATE users SET active = 0 WHERE id = '${member.memberId}'`);
    });
    await at.catalogue.refresh();
    await expectProblem(await at.claim("members", member.memberId), "inactive_member");
  });

  test("503 when more claims wait than the queue takes; the others are decided", async () => {
    await at.openEvent("crowd", [0], 1_000);
    const crowd = Array.from({ length: 80 }, (_, number) => at.claim("crowd", `m${number}`));
    const responses = await Promise.all(crowd);
    const statuses = responses.map((response) => response.status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(50);
    const overloaded = responses.filter((response) => response.status === 503);
    expect(overloaded).toHaveLength(30);
    for (const response of overloaded) {
      expect(response.headers.get("retry-after")).toBe("1");
      await expectProblem(response, "overloaded");
    }
  });
});

test("503 while the engine cannot commit, with one line in the log; then claims are decided again", async () => {
  const at = await openApp();
  await at.openEvent("open", [0]);
  await at.database.client.execute("ALTER TABLE outbox RENAME TO hidden");
  for (const response of [await at.claim("open", "alice"), await at.claim("open", "bob")]) {
    expect(response.headers.get("retry-after")).toBe("1");
    await expectProblem(response, "engine_unavailable");
  }
  const event = await at.app.request("/v1/events/open");
  expect(event.headers.get("retry-after")).toBe("1");
  await expectProblem(event, "engine_unavailable");
  expect((await at.app.request("/readyz")).status).toBe(503);
  const lines = at.logged.filter((line) => line.includes("the engine is unavailable"));
  expect(lines.length).toBeGreaterThanOrEqual(1);
  expect(lines.join()).toContain("no such table: outbox");

  await at.database.client.execute("ALTER TABLE hidden RENAME TO outbox");
  while ((await at.app.request("/readyz")).status !== 200) await Bun.sleep(20);
  expect((await at.claim("open", "alice")).status).toBe(201);
  await at.catalogue.close();
});

describe("events over HTTP", () => {
  test("state, stock, remaining, windows and the server's time", async () => {
    const at = await openApp();
    await at.openEvent("launch", [-5, 0, 5], 3);
    await at.claim("launch", "alice");
    const response = await at.app.request("/v1/events/launch");
    const event = await response.json();
    expect(event).toEqual({
      id: "launch",
      name: "launch",
      state: "open",
      stock: 3,
      issued: 1,
      remaining: 2,
      coupons: [
        { firstRank: 1, kind: "percent", value: 50 },
        { firstRank: 2, kind: "amount", value: 5_000 },
      ],
      currentWindow: { opensAt: "2026-11-22T10:00:00.000Z", closesAt: "2026-11-22T10:01:00.000Z" },
      nextWindow: { opensAt: "2026-11-22T10:05:00.000Z", closesAt: "2026-11-22T10:06:00.000Z" },
      serverTime: "2026-11-22T10:00:30.000Z",
    });
    expect(await (await at.app.request("/v1/events")).json()).toEqual({ events: [event] });
    await at.catalogue.close();
  });
});

describe("administrators over HTTP", () => {
  test("an event's ledger in pages; 401 and 403 for others", async () => {
    const at = await openApp();
    await at.openEvent("launch", [0], 10);
    for (const member of ["alice", "bob", "carol"]) await at.claim("launch", member);
    await at.engine.close();
    const path = "/v1/admin/events/launch/issuances";
    const ask = async (query: string) =>
      await at.app.request(path + query, { headers: at.bearer("root", "admin") });
    const first = await (await ask("?limit=2")).json();
    expect(first).toEqual({
      event: {
        id: "launch",
        name: "launch",
        stock: 10,
        windows: [
          {
            id: expect.any(Number),
            opensAt: "2026-11-22T10:00:00.000Z",
            closesAt: "2026-11-22T10:01:00.000Z",
            quota: null,
          },
        ],
      },
      inLedger: 3,
      inOutbox: 0,
      issuances: ["alice", "bob"].map((memberId, index) => ({
        memberId,
        rank: index + 1,
        code: expect.stringMatching(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/),
        windowId: expect.any(Number),
        issuedAt: "2026-11-22T10:00:30.000Z",
      })),
      nextAfterRank: 2,
    });
    const second = await (await ask("?afterRank=2&limit=2")).json();
    expect(second).toMatchObject({ issuances: [{ memberId: "carol" }], nextAfterRank: null });
    // In a damaged ledger a page does not end between two rows of one rank.
    await at.database.client.execute("DROP INDEX issuances_event_rank");
    await at.database.client.execute("UPDATE issuances SET rank = 2 WHERE rank = 3");
    expect(await (await ask("?afterRank=1&limit=1")).json()).toMatchObject({
      issuances: [{ memberId: "bob" }, { memberId: "carol" }],
      nextAfterRank: 2,
    });
    for (const query of ["?limit=0", "?limit=5001", "?limit=x", "?afterRank=1.5"]) {
      await expectProblem(await ask(query), "invalid_request");
    }
    await expectProblem(await at.app.request(path), "unauthorized");
    const member = await at.app.request(path, { headers: at.bearer("alice") });
    await expectProblem(member, "forbidden");
    const nowhere = path.replace("launch", "nowhere");
    const unknown = await at.app.request(nowhere, { headers: at.bearer("root", "admin") });
    await expectProblem(unknown, "unknown_event");
    await at.catalogue.close();
  });
});

describe("logging in", () => {
  test("a right password gives a token that claims; wrong ones and bad bodies do not", async () => {
    const at = await openApp();
    await at.openEvent("open", [0]);
    const password = "correct horse";
    const { memberId } = await createMember(at.database, { email: "a@example.test", password });
    const login = async (body: string) =>
      await at.app.request("/v1/auth/login", { method: "POST", body });
    const response = await login(JSON.stringify({ email: "A@example.test", password }));
    expect(response.status).toBe(200);
    const { token } = z.object({ token: z.string() }).parse(await response.json());
    const claim = await at.app.request("/v1/events/open/claims", {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
    expect(claim.status).toBe(201);
    expect((await at.mine("open", memberId)).status).toBe(200);
    for (const email of ["a@example.test", "nobody@example.test"]) {
      const wrong = await login(JSON.stringify({ email, password: "wrong horse" }));
      await expectProblem(wrong, "invalid_credentials");
    }
    for (const body of ["", "{", "[]", '{"email":"a@example.test"}', '{"email":1,"password":2}']) {
      await expectProblem(await login(body), "invalid_request");
    }
    await at.catalogue.close();
  });
});

/** The gauges of /readyz now. */
async function gauges(app: Awaited<ReturnType<typeof openApp>>["app"]) {
  const body = z.object({ queueDepth: z.number(), writerBacklog: z.number().nullable() });
  return body.parse(await (await app.request("/readyz")).json());
}

describe("health", () => {
  test("tells how many claims wait, and how many coupons are not in the ledger yet", async () => {
    const at = await openApp();
    await at.openEvent("crowd", [0], 1_000);
    const crowd = Array.from({ length: 30 }, (_, number) => at.claim("crowd", `m${number}`));
    // The claims of one turn of the event loop wait until its end.
    expect((await gauges(at.app)).queueDepth).toBe(30);
    await Promise.all(crowd);
    while ((await countOutbox(at.database, "crowd")) > 0) await Bun.sleep(5);
    await at.database.client.execute("DELETE FROM issuances WHERE rank > 20");
    at.moveClock(249);
    expect((await gauges(at.app)).writerBacklog).not.toBe(10);
    at.moveClock(1);
    expect(await gauges(at.app)).toEqual({ queueDepth: 0, writerBacklog: 10 });
    await at.catalogue.close();
  });

  test("ready while it serves, not ready once it stops; claims are then sent elsewhere", async () => {
    const at = await openApp();
    await at.openEvent("open", [0]);
    expect((await at.app.request("/healthz")).status).toBe(200);
    const ready = await at.app.request("/readyz");
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: "ready",
      engine: "embedded",
      queueDepth: 0,
      writerBacklog: 0,
    });
    at.stop();
    expect((await at.app.request("/readyz")).status).toBe(503);
    expect((await at.app.request("/healthz")).status).toBe(200);
    const refused = await at.claim("open", "alice");
    expect(refused.headers.get("connection")).toBe("close");
    await expectProblem(refused, "shutting_down");
    await at.catalogue.close();
  });
});
