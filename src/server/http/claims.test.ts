import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { expectProblem, keys, NOW_MS, openApp } from "../../../test/support/app.ts";
import { endEvent, pauseEvent } from "../events/administration.ts";
import { changeCatalogue } from "../events/change.ts";
import { createMember } from "../members/accounts.ts";
import { signTokenSync } from "../members/tokens.ts";

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
      coupon: { kind: "percent", value: 50, validUntil: null },
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
    const member = await createMember(
      at.database,
      { email: "off@example.test", password: "long enough" },
      "program",
    );
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
