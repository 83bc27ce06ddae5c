/** What holds for every answer: its headers, HEAD, methods that are not there, other origins. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { expectProblem, openApp } from "../../../test/support/app.ts";

const SHOP = "https://shop.example";
const PREFLIGHT = {
  "access-control-request-method": "POST",
  "access-control-request-headers": "authorization",
};

describe("without other origins", () => {
  let at: Awaited<ReturnType<typeof openApp>>;
  beforeAll(async () => {
    at = await openApp();
    await at.openEvent("open", [0]);
    await at.claim("open", "alice");
  });
  afterAll(() => at.catalogue.close());

  test("a wrong method is answered 405 with those that there are", async () => {
    const allowed = {
      "PUT /v1/events/open/claims": "POST",
      "HEAD /v1/events/open/claims": "POST",
      "DELETE /v1/events/open": "GET, HEAD",
      "GET /v1/auth/login": "POST",
      "OPTIONS /healthz": "GET, HEAD",
      "PURGE /v1/events": "GET, HEAD",
    };
    for (const [call, methods] of Object.entries(allowed)) {
      const [method = "", path = ""] = call.split(" ");
      const answer = await at.app.request(path, { method });
      expect([call, answer.headers.get("allow")]).toEqual([call, methods]);
      if (method === "HEAD") expect(answer.status).toBe(405);
      else await expectProblem(answer, "method_not_allowed");
    }
    for (const path of ["/", "/v1", "/v1/events/open/claims/you", "/v1/nothing"]) {
      await expectProblem(await at.app.request(path, { method: "POST" }), "not_found");
    }
  });

  test("HEAD is GET without the body, and tells its length", async () => {
    const paths = ["/v1/events", "/v1/events/open/claims/me", "/openapi.json", "/docs", "/nothing"];
    const headers = at.bearer("alice");
    for (const path of [...paths, "/docs/swagger-ui.css"]) {
      const full = await at.app.request(path, { headers });
      const head = await at.app.request(path, { method: "HEAD", headers });
      expect(head.status).toBe(full.status);
      expect(await head.text()).toBe("");
      const { byteLength } = await full.arrayBuffer();
      expect([path, head.headers.get("content-length")]).toEqual([path, String(byteLength)]);
      expect(head.headers.get("content-type")).toBe(full.headers.get("content-type"));
    }
  });

  test("HEAD of a stream has no length, and leaves no stream behind", async () => {
    const headers = at.bearer("root", "admin");
    const files = ["csv", "ndjson"].map((type) => `/v1/admin/events/open/issuances.${type}`);
    // More than are sent at once.
    for (let round = 0; round < 10; round++) {
      for (const path of ["/v1/events/open/live", ...files]) {
        const head = await at.app.request(path, { method: "HEAD", headers });
        expect([path, head.status]).toEqual([path, 200]);
        expect(head.headers.has("content-length")).toBe(false);
      }
    }
    expect(at.liveFeeds.listenerCount).toBe(0);
  });

  test("no page of another origin may read an answer", async () => {
    const headers = { ...at.bearer("alice"), origin: SHOP };
    const claim = await at.app.request("/v1/events/open/claims", { method: "POST", headers });
    expect(claim.headers.has("access-control-allow-origin")).toBe(false);
    const preflight = await at.app.request("/v1/events/open/claims", {
      method: "OPTIONS",
      headers: { origin: SHOP, ...PREFLIGHT },
    });
    await expectProblem(preflight, "method_not_allowed");
  });
});

describe("with another origin", () => {
  let at: Awaited<ReturnType<typeof openApp>>;
  beforeAll(async () => {
    at = await openApp({ corsOrigins: [SHOP] });
    await at.openEvent("open", [0]);
  });
  afterAll(() => at.catalogue.close());

  const claim = async (origin: string | undefined) =>
    await at.app.request("/v1/events/open/claims", {
      method: "POST",
      headers: { ...at.bearer("alice"), ...(origin === undefined ? {} : { origin }) },
    });

  test("its pages may claim and read the answer, and no others may", async () => {
    const allowed = await claim(SHOP);
    expect(allowed.status).toBe(201);
    expect(allowed.headers.get("access-control-allow-origin")).toBe(SHOP);
    expect(allowed.headers.get("access-control-expose-headers")).toContain("retry-after");
    expect(allowed.headers.has("access-control-allow-credentials")).toBe(false);
    for (const origin of [undefined, "null", "https://evil.example", `${SHOP}.evil.example`]) {
      const answer = await claim(origin);
      expect(answer.status).toBe(200);
      expect(answer.headers.has("access-control-allow-origin")).toBe(false);
      // What a cache keeps for one origin is not for another.
      expect(answer.headers.get("vary")).toContain("origin");
    }
  });

  test("its pages may read errors too", async () => {
    const answer = await at.app.request("/v1/events/nothing", { headers: { origin: SHOP } });
    expect(answer.headers.get("access-control-allow-origin")).toBe(SHOP);
    await expectProblem(answer, "unknown_event");
  });

  test("its preflight is answered and may be kept; another's is not", async () => {
    const ask = async (path: string, origin: string) =>
      await at.app.request(path, { method: "OPTIONS", headers: { origin, ...PREFLIGHT } });
    const preflight = await ask("/v1/events/open/claims", SHOP);
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(SHOP);
    expect(preflight.headers.get("access-control-allow-methods")).toBe("POST");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(preflight.headers.get("access-control-max-age")).toBe("86400");
    const strange = await ask("/v1/events/open/claims", "https://evil.example");
    expect(strange.headers.has("access-control-allow-origin")).toBe(false);
  });
});
