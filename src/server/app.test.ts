import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { expectProblem, openApp } from "../../test/support/app.ts";
import { PROBLEMS } from "./http/problem.ts";
import { countOutbox } from "./ledger/outbox.ts";
import { createMember } from "./members/accounts.ts";

test("docs/http.md lists every problem as it is", async () => {
  const text = await Bun.file(new URL("../../docs/http.md", import.meta.url)).text();
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\d+) \| (.+) \|$/gm)];
  const documented = rows.map(([, code, status, title]) => [
    code,
    { status: Number(status), title },
  ]);
  expect(Object.fromEntries(documented)).toEqual(PROBLEMS);
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
        paused: false,
        ended: false,
        revision: expect.any(Number),
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
