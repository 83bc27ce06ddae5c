import { describe, expect, test } from "bun:test";
import { expectProblem, openApp } from "../../../test/support/app.ts";
import { issueTo, leaveInOutbox } from "../../../test/support/issuances.ts";
import { CSV_COLUMNS } from "../issuances/export.ts";
import {
  historySchema,
  issuancePageSchema,
  issuanceSchema,
  statisticsSchema,
} from "./issuances-schema.ts";

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
        returned: 0,
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
        coupon: [
          { kind: "percent", value: 50, validUntil: null },
          { kind: "amount", value: 5_000, validUntil: null },
        ][index],
        windowId: expect.any(Number),
        issuedAt: "2026-11-22T10:00:30.000Z",
        status: "issued",
        redeemedAt: null,
        revokedAt: null,
        revocationReason: null,
        inLedger: true,
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
    expect(issuancePageSchema.safeParse(first).success).toBe(true);
    for (const query of [
      "?status=gone",
      "?memberId=a&code=b",
      "?limit=0",
      "?limit=5001",
      "?limit=x",
      "?afterRank=1.5",
    ]) {
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

  test("one by member, code or rank, also while it waits in the outbox", async () => {
    const at = await openApp();
    await at.openEvent("launch", [0], 10);
    const event = at.catalogue.get("launch");
    if (event === undefined) throw new Error("the event is gone");
    const [alice] = await issueTo(at.database, event, ["alice"]);
    const [bob] = await leaveInOutbox(at.database, event, ["bob"], 2);
    const ask = async (path: string) =>
      await at.app.request(`/v1/admin/events/launch/issuances${path}`, {
        headers: at.bearer("root", "admin"),
      });
    for (const path of ["?memberId=alice", `?code=${alice?.code.toLowerCase()}`]) {
      const page = await (await ask(path)).json();
      expect(page).toMatchObject({ issuances: [{ memberId: "alice", inLedger: true }] });
    }
    for (const path of ["?memberId=bob", `?code=${bob?.code}`]) {
      const page = await (await ask(path)).json();
      expect(page).toMatchObject({ issuances: [{ rank: 2, code: bob?.code, inLedger: false }] });
    }
    expect(await (await ask("?memberId=carol")).json()).toMatchObject({ issuances: [] });
    expect(await (await ask("?memberId=alice&status=revoked")).json()).toMatchObject({
      issuances: [],
    });
    const second = await (await ask("/2")).json();
    expect(issuanceSchema.parse(second)).toMatchObject({ memberId: "bob", inLedger: false });
    await expectProblem(await ask("/3"), "unknown_issuance");
    await expectProblem(await ask("/0"), "invalid_request");
    await at.catalogue.close();
  });

  test("the ledger as a file, in both formats", async () => {
    const at = await openApp();
    await at.openEvent("launch", [0], 20_000);
    const event = at.catalogue.get("launch");
    if (event === undefined) throw new Error("the event is gone");
    // More than two pages.
    const memberIds = Array.from({ length: 10_001 }, (_, index) => `m${index + 1}`);
    await issueTo(at.database, event, memberIds);
    const ask = async (path: string) =>
      await at.app.request(`/v1/admin/events/launch/issuances.${path}`, {
        headers: at.bearer("root", "admin"),
      });
    const csv = await ask("csv");
    expect(csv.headers.get("content-type")).toStartWith("text/csv");
    expect(csv.headers.get("content-disposition")).toContain("launch-issuances.csv");
    const lines = (await csv.text()).split("\r\n");
    expect(lines[0]).toBe(CSV_COLUMNS.join(","));
    expect(lines.slice(1, -1).map((line) => line.split(",")[1])).toEqual(memberIds);
    const ndjson = (await (await ask("ndjson")).text()).trimEnd().split("\n");
    expect(ndjson).toHaveLength(10_001);
    expect(JSON.parse(ndjson.at(-1) ?? "")).toMatchObject({ eventId: "launch", rank: 10_001 });
    expect(await (await ask("ndjson?status=revoked")).text()).toBe("");
    await expectProblem(await ask("csv?status=gone"), "invalid_request");
    await expectProblem(await ask("xlsx"), "not_found");
    await at.catalogue.close();
  });

  test("statistics by window", async () => {
    const at = await openApp();
    await at.openEvent("launch", [0, 5], 2);
    await at.claim("launch", "alice");
    const ask = async (id: string) =>
      await at.app.request(`/v1/admin/events/${id}/stats`, { headers: at.bearer("root", "admin") });
    const { issued, undelivered, windows } = statisticsSchema.parse(
      await (await ask("launch")).json(),
    );
    // The thread beside the engine brings it to the ledger at a moment of its own.
    expect(issued + undelivered).toBeGreaterThanOrEqual(1);
    expect(windows).toHaveLength(2);
    await expectProblem(await ask("nowhere"), "unknown_event");
    await at.catalogue.close();
  });

  test("why: what happened to a member", async () => {
    const at = await openApp();
    await at.openEvent("launch", [0], 2);
    const ask = async (path: string) =>
      await at.app.request(`/v1/admin/events/${path}`, { headers: at.bearer("root", "admin") });
    await at.claim("launch", "auth0|kim");
    const issued = await (await ask("launch/why/auth0%7Ckim")).json();
    expect(historySchema.parse(issued)).toMatchObject({
      outcome: "issued",
      issuance: { rank: 1, afterOpeningMs: 30_000 },
    });
    const unknown = await (await ask("launch/why/nobody")).json();
    expect(historySchema.parse(unknown)).toMatchObject({ outcome: "unknown", refusals: null });
    await expectProblem(await ask("nowhere/why/kim"), "unknown_event");
    await expectProblem(await ask(`launch/why/${"x".repeat(129)}`), "invalid_request");
    await at.catalogue.close();
  });

  test("as many exports at once as one process sends; one that is given up makes room", async () => {
    const at = await openApp();
    await at.openEvent("launch", [0], 10);
    const ask = async () =>
      await at.app.request("/v1/admin/events/launch/issuances.csv", {
        headers: at.bearer("root", "admin"),
      });
    const held = await Promise.all([ask(), ask(), ask(), ask()]);
    const refused = await ask();
    expect(refused.headers.get("retry-after")).toBe("5");
    await expectProblem(refused, "overloaded");
    await held[0]?.body?.cancel();
    expect((await ask()).status).toBe(200);
    await at.catalogue.close();
  });
});
