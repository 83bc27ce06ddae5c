import { describe, expect, test } from "bun:test";
import { expectProblem, openApp } from "../../../test/support/app.ts";
import { redemptionSchema, revocationSchema } from "./issuance-changes-schema.ts";

/** The app with an event of three coupons, of which alice and bob have one each, in the ledger. */
async function appWithCoupons() {
  const at = await openApp();
  await at.openEvent("launch", [0], 3);
  for (const member of ["alice", "bob"]) await at.claim("launch", member);
  const post = async (path: string, body?: object, headers = at.bearer("root", "admin")) =>
    await at.app.request(path, {
      method: "POST",
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const codeOf = async (member: string) => {
    const mine: unknown = await (await at.mine("launch", member)).json();
    return String(Reflect.get(Object(mine), "code"));
  };
  const redeem = async (code: string, key?: string) =>
    await post(`/v1/coupons/${encodeURIComponent(code)}/redeem`, undefined, {
      ...at.bearer("root", "admin"),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    });
  const revoke = async (body: object) => await post("/v1/admin/events/launch/revocations", body);
  return { ...at, post, codeOf, redeem, revoke };
}

describe("redeeming over HTTP", () => {
  test("once; the same key is answered the same, another 409", async () => {
    const at = await appWithCoupons();
    const code = await at.codeOf("alice");
    const first = await at.redeem(code, "till-1");
    expect(first.status).toBe(200);
    expect(first.headers.get("cache-control")).toBe("no-store");
    const answer: unknown = await first.json();
    expect(redemptionSchema.parse(answer)).toMatchObject({
      eventId: "launch",
      memberId: "alice",
      rank: 1,
      coupon: { kind: "percent", value: 50 },
    });
    expect(await (await at.redeem(code, "till-1")).json()).toEqual(answer);
    expect(await expectProblem(await at.redeem(code, "till-2"), "already_redeemed")).toMatchObject({
      redeemedAt: Reflect.get(Object(answer), "redeemedAt"),
    });
    await at.catalogue.close();
  });

  test("not without a key, not an unknown code, and only by an administrator", async () => {
    const at = await appWithCoupons();
    const code = await at.codeOf("alice");
    await expectProblem(await at.redeem(code), "invalid_request");
    await expectProblem(await at.redeem(code, "two words"), "invalid_request");
    await expectProblem(await at.redeem("AAAA-BBBB", "till-1"), "unknown_coupon");
    await expectProblem(await at.redeem("x".repeat(201), "till-1"), "unknown_coupon");
    const path = `/v1/coupons/${code}/redeem`;
    await expectProblem(await at.app.request(path, { method: "POST" }), "unauthorized");
    await expectProblem(await at.post(path, undefined, at.bearer("alice")), "forbidden");
    await at.catalogue.close();
  });

  test("a failure is logged without the code", async () => {
    const at = await appWithCoupons();
    const code = await at.codeOf("alice");
    await at.database.client.execute("ALTER TABLE audit RENAME TO hidden");
    await expectProblem(await at.redeem(code, "till-1"), "internal");
    const [line = ""] = at.logged.filter((each) => each.includes("request failed"));
    expect(line).toContain("/v1/coupons/:code/redeem");
    expect(at.logged.join("")).not.toContain(code);
    await at.catalogue.close();
  });
});

describe("revoking over HTTP", () => {
  test("the member is told the same coupon, which is worth nothing; given back, another is issued", async () => {
    const at = await appWithCoupons();
    const code = await at.codeOf("alice");
    await at.claim("launch", "carol");
    await expectProblem(await at.claim("launch", "dave"), "sold_out");
    const body = { memberId: "alice", reason: "two accounts", return: true };
    const revoked = await at.revoke(body);
    expect(revoked.status).toBe(200);
    expect(revocationSchema.parse(await revoked.json())).toMatchObject({ rank: 1, returned: true });
    expect(await expectProblem(await at.redeem(code, "till-1"), "coupon_revoked")).toMatchObject({
      revokedAt: expect.any(String),
    });
    await at.catalogue.refresh();
    const again = await at.claim("launch", "alice");
    expect(await again.json()).toMatchObject({ status: "already_issued", rank: 1, code });
    expect(await (await at.claim("launch", "dave")).json()).toMatchObject({ rank: 4 });
    await expectProblem(await at.claim("launch", "erin"), "sold_out");
    await expectProblem(await at.revoke(body), "already_revoked");
    await at.catalogue.close();
  });

  test("what cannot be read, or names no coupon, changes nothing", async () => {
    const at = await appWithCoupons();
    for (const body of [
      {},
      { reason: "x" },
      { rank: 1 },
      { rank: 1, memberId: "alice", reason: "x" },
      { rank: 0, reason: "x" },
      { rank: 1, reason: "" },
      { rank: 1, reason: "line\nbreak" },
      { rank: 1, reason: "x", return: "yes" },
    ]) {
      await expectProblem(await at.revoke(body), "invalid_request");
    }
    await expectProblem(await at.revoke({ rank: 9, reason: "x" }), "unknown_issuance");
    const elsewhere = "/v1/admin/events/nowhere/revocations";
    await expectProblem(await at.post(elsewhere, { rank: 1, reason: "x" }), "unknown_event");
    expect((await at.revoke({ code: await at.codeOf("bob"), reason: "x" })).status).toBe(200);
    await at.catalogue.close();
  });
});
