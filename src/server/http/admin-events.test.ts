import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { expectProblem, NOW_MS, openApp } from "../../../test/support/app.ts";
import { findEvent } from "../events/administration.ts";
import { restockEvent } from "../events/stock.ts";
import {
  addedWindowsSchema,
  adminEventSchema,
  adminEventsSchema,
  auditPageSchema,
  importedCodesSchema,
  windowsSchema,
} from "./admin-events-schema.ts";
import type { ProblemCode } from "./problem.ts";

const BASE = "/v1/admin/events";
const OPENS_AT = new Date(NOW_MS + 3_600_000).toISOString();

let at: Awaited<ReturnType<typeof openApp>>;
beforeAll(async () => {
  at = await openApp();
});
afterAll(() => at.catalogue.close());

/** Asks as an administrator; text goes as it is, anything else as JSON. */
async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  return await at.app.request(BASE + path, {
    method,
    headers: at.bearer("root", "admin"),
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

/** The same, which must be answered so, in the form that is documented. */
async function answered<T>(
  schema: z.ZodType<T>,
  status: number,
  ...request: Parameters<typeof ask>
): Promise<T> {
  const response = await ask(...request);
  const body = await response.json();
  expect([response.status, body]).toEqual([status, body]);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const strict = schema instanceof z.ZodObject ? schema.strict() : schema;
  return schema.parse(strict.parse(body));
}

async function created(id: string, more: object = {}) {
  return await answered(adminEventSchema, 201, "POST", "", { id, name: id, ...more });
}

describe("an event's life", () => {
  test("is created, shown, listed and changed; the catalogue follows at once", async () => {
    const event = await created("life", {
      stock: 5,
      timeZone: "asia/seoul",
      coupons: [
        { kind: "percent", value: 50, count: 1 },
        { kind: "amount", value: 5_000 },
      ],
      windowQuota: 3,
      codePrefix: "sun",
      codeLength: 8,
      validForMs: 60_000,
      validUntil: "2099-01-01T00:00",
    });
    expect(event).toMatchObject({
      id: "life",
      state: "scheduled",
      remaining: 5,
      timeZone: "Asia/Seoul",
      coupons: [
        { firstRank: 1, kind: "percent", value: 50 },
        { firstRank: 2, kind: "amount", value: 5_000 },
      ],
      windowQuota: 3,
      codePrefix: "SUN",
      codeLength: 8,
      validForMs: 60_000,
      validUntil: "2098-12-31T15:00:00.000Z",
    });
    expect(at.catalogue.get("life")?.stock).toBe(5);
    expect(await answered(adminEventSchema, 200, "GET", "/life")).toEqual(event);
    const { events } = await answered(adminEventsSchema, 200, "GET", "");
    expect(events).toContainEqual(event);
    const changes = { name: "Life!", windowsPerDay: 3, validUntil: null };
    expect(await answered(adminEventSchema, 200, "PATCH", "/life", changes)).toEqual({
      ...event,
      ...changes,
    });
    expect(at.catalogue.get("life")?.name).toBe("Life!");
  });

  test("is paused, resumed, restocked, cloned and ended; members are told so", async () => {
    await at.openEvent("run", [0], 3);
    const post = (verb: string, body?: object) =>
      answered(adminEventSchema, verb === "clone" ? 201 : 200, "POST", `/run/${verb}`, body);
    const outcome = async (member: string) => (await at.claim("run", member)).status;
    expect(await outcome("a")).toBe(201);
    expect(await post("pause")).toMatchObject({ state: "paused", issued: 1 });
    await expectProblem(await at.claim("run", "b"), "paused");
    expect(await post("resume")).toMatchObject({ state: "open" });
    expect(await outcome("b")).toBe(201);
    expect(await post("restock", { stock: 2 })).toMatchObject({ state: "sold_out", stock: 2 });
    await expectProblem(await at.claim("run", "c"), "sold_out");
    await expectProblem(await ask("POST", "/run/restock", { stock: 1 }), "stock_below_issued");
    expect(await post("restock", { stock: 9 })).toMatchObject({ state: "open", remaining: 7 });
    expect(await outcome("c")).toBe(201);
    expect(await post("clone", { name: "Again", id: "again" })).toMatchObject({
      id: "again",
      stock: 9,
      issued: 0,
      windows: [],
    });
    await expectProblem(await ask("DELETE", "/run"), "has_issued");
    expect(await post("end")).toMatchObject({ state: "ended", issued: 3 });
    await expectProblem(await at.claim("run", "d"), "ended");
    await expectProblem(await ask("POST", "/run/resume"), "event_ended");
    expect((await ask("DELETE", "/again")).status).toBe(204);
    expect(at.catalogue.get("again")).toBeUndefined();
    await expectProblem(await ask("GET", "/again"), "unknown_event");
  });

  test("is told by its audit, a page at a time, also when it is gone", async () => {
    await created("told");
    await ask("POST", "/told/pause");
    await ask("DELETE", "/told");
    const page = await answered(auditPageSchema, 200, "GET", "/told/audit?limit=2");
    expect(page.entries.map(({ actor, action }) => [actor, action])).toEqual([
      ["member:root", "event.delete"],
      ["member:root", "event.pause"],
    ]);
    const rest = `/told/audit?limit=2&beforeId=${page.nextBeforeId}`;
    expect(await answered(auditPageSchema, 200, "GET", rest)).toMatchObject({
      entries: [{ action: "event.create", details: { name: "told", stock: 100_000 } }],
      nextBeforeId: null,
    });
  });
});

test("windows are previewed, added, listed and removed", async () => {
  await created("timed", { timeZone: "Asia/Seoul" });
  const post = (body: object, status = 201) =>
    answered(addedWindowsSchema, status, "POST", "/timed/windows", body);
  const named = { windows: [{ opensAt: "2099-12-01T10:00", quota: 7 }] };
  const window = {
    opensAt: "2099-12-01T01:00:00.000Z",
    closesAt: "2099-12-01T01:01:00.000Z",
    quota: 7,
  };
  expect(await post({ ...named, dryRun: true }, 200)).toEqual({
    timeZone: "Asia/Seoul",
    dryRun: true,
    windows: [window],
  });
  const { windows } = await post(named);
  expect(windows).toEqual([{ id: expect.any(Number), ...window }]);
  const daily = { times: ["12:00", "14:00"], from: "2099-12-01", days: 2 };
  expect((await post({ daily, timeZone: "UTC" })).windows).toHaveLength(4);
  expect((await post({ now: true })).windows).toMatchObject([
    { opensAt: new Date(NOW_MS).toISOString(), quota: null },
  ]);
  const all = await answered(windowsSchema, 200, "GET", "/timed/windows");
  expect(all.windows).toHaveLength(6);
  expect(all.windows).toContainEqual(expect.objectContaining({ ...windows[0] }));
  expect((await ask("DELETE", `/timed/windows/${windows[0]?.id}`)).status).toBe(204);
  expect((await findEvent(at.database, "timed"))?.windows).toHaveLength(5);
  const open = all.windows[0]?.id;
  await expectProblem(await ask("DELETE", `/timed/windows/${open}`), "window_begun");
});

test("codes are brought along as text, and given to members", async () => {
  await created("brought", { stock: 2 });
  const put = (text: string) => ask("PUT", "/brought/codes", text);
  await expectProblem(await put("ONE-CODE\n"), "invalid_codes");
  const brought = await answered(importedCodesSchema, 200, "PUT", "/brought/codes", "AAAA\nBBBB\n");
  expect(brought).toEqual({ eventId: "brought", codes: 2 });
  await ask("POST", "/brought/windows", { now: true });
  const claim = await at.claim("brought", "alice");
  expect(await claim.json()).toMatchObject({ rank: 1, code: "AAAA" });
  await expectProblem(await put("CCCC\nDDDD"), "window_begun");
  await expectProblem(await put("x".repeat(8 * 1_024 * 1_024 + 1)), "too_large");

  // Changed by another process, and looked at before this one has followed: claims still have codes.
  await restockEvent(at.database, "brought", 2);
  await answered(adminEventsSchema, 200, "GET", "");
  await at.catalogue.refresh();
  const second = await at.claim("brought", "bob");
  expect(await second.json()).toMatchObject({ status: "issued", rank: 2, code: "BBBB" });
});

test("a coupon tells until when it is good", async () => {
  await created("valid", { validForMs: 60_000, validUntil: "2099-01-01T00:00:00Z" });
  await ask("POST", "/valid/windows", { now: true });
  expect(await (await at.claim("valid", "alice")).json()).toMatchObject({
    coupon: { kind: "percent", value: 10, validUntil: new Date(NOW_MS + 60_000).toISOString() },
  });
});

describe("refused", () => {
  beforeAll(async () => {
    await created("there", { stock: 5 });
    await ask("POST", "/there/windows", { windows: [{ opensAt: OPENS_AT }] });
  });

  const none: readonly [string, string, unknown, ProblemCode][] = [
    ["POST", "", { id: "there", name: "Other" }, "event_exists"],
    ["POST", "", { name: " " }, "invalid_input"],
    ["POST", "", { id: "lone", name: "\ud800" }, "invalid_input"],
    ["POST", "", { name: "x", stock: 0 }, "invalid_input"],
    ["POST", "", { name: "x", timeZone: "Mars/Olympus" }, "unknown_time_zone"],
    ["POST", "", { name: "x", codeLength: 8 }, "invalid_input"],
    ["POST", "", { name: "x", unknown: 1 }, "invalid_request"],
    ["POST", "", { name: 5 }, "invalid_request"],
    ["POST", "", "{", "invalid_request"],
    ["POST", "", `{"name":"${"x".repeat(16_384)}"}`, "invalid_request"],
    ["PATCH", "/there", {}, "invalid_input"],
    ["PATCH", "/there", { stock: 7 }, "invalid_request"],
    ["PATCH", "/nowhere", { name: "x" }, "unknown_event"],
    ["POST", "/there/restock", { stock: "7" }, "invalid_request"],
    ["POST", "/nowhere/pause", undefined, "unknown_event"],
    ["POST", "/there/clone", { name: "x", id: "A" }, "invalid_input"],
    ["POST", "/there/windows", {}, "invalid_request"],
    ["POST", "/there/windows", { windows: [{ opensAt: OPENS_AT }] }, "window_overlap"],
    ["POST", "/there/windows", { windows: [{ opensAt: "2020-01-01T00:00" }] }, "window_in_past"],
    ["POST", "/there/windows", { windows: [{ opensAt: "noon" }] }, "invalid_input"],
    [
      "POST",
      "/there/windows",
      { windows: [{ opensAt: "2099-03-29T02:30" }], timeZone: "Europe/Berlin" },
      "skipped_time",
    ],
    [
      "POST",
      "/there/windows",
      { daily: { times: ["10:00"], from: "2099-12-01", days: 367 } },
      "invalid_input",
    ],
    ["DELETE", "/there/windows/99999", undefined, "unknown_window"],
    ["DELETE", "/there/windows/x", undefined, "unknown_window"],
    ["DELETE", "/nowhere", undefined, "unknown_event"],
    ["GET", "/nowhere/audit", undefined, "unknown_event"],
    ["GET", "/there/audit?limit=0", undefined, "invalid_request"],
  ];
  test.each(none)("%s %s %j: %s", async (method, path, body, code) => {
    const before = await findEvent(at.database, "there");
    await expectProblem(await ask(method, path, body), code);
    expect(await findEvent(at.database, "there")).toEqual(before);
  });

  test.each(["{", "[]", `{"name":"${"x".repeat(16_384)}"}`])(
    "a body that is none: %.4s",
    async (body) => {
      expect(await (await ask("POST", "", body)).json()).toMatchObject({
        detail: "the body must be a JSON object of at most 16 KiB",
      });
    },
  );

  const routes = [
    ["GET", ""],
    ["POST", ""],
    ["GET", "/there"],
    ["PATCH", "/there"],
    ["DELETE", "/there"],
    ["POST", "/there/pause"],
    ["POST", "/there/resume"],
    ["POST", "/there/end"],
    ["POST", "/there/restock"],
    ["POST", "/there/clone"],
    ["GET", "/there/windows"],
    ["POST", "/there/windows"],
    ["DELETE", "/there/windows/1"],
    ["PUT", "/there/codes"],
    ["GET", "/there/audit"],
  ] as const;
  test.each(routes)("%s %s to whoever is no administrator", async (method, path) => {
    const url = BASE + path;
    await expectProblem(await at.app.request(url, { method }), "unauthorized");
    const member = await at.app.request(url, { method, headers: at.bearer("alice") });
    await expectProblem(member, "forbidden");
  });
});
