import { expect, test } from "bun:test";
import { openApp } from "../../../test/support/app.ts";
import { givenRequestId } from "./request-id.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

function given(headers: Record<string, string>): string | undefined {
  return givenRequestId(new Request("http://localhost/", { headers }));
}

test("a well-formed id is taken, or else that of the trace", () => {
  const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
  expect(given({})).toBeUndefined();
  expect(given({ "x-request-id": "a.B-9_/=+:" })).toBe("a.B-9_/=+:");
  expect(given({ "x-request-id": "mine", traceparent })).toBe("mine");
  expect(given({ traceparent })).toBe(TRACE);
  for (const bad of ["", "two words", "x".repeat(129), "<b>", '"']) {
    expect(given({ "x-request-id": bad })).toBeUndefined();
    expect(given({ "x-request-id": bad, traceparent })).toBe(TRACE);
  }
  for (const bad of [`00-${"0".repeat(32)}-b7ad6b7169203331-01`, `00-${TRACE}`, "nonsense"]) {
    expect(given({ traceparent: bad })).toBeUndefined();
  }
});

test("answers carry it: a claim's where it came with one, all others always", async () => {
  const at = await openApp();
  await at.openEvent("open", [0]);
  const claim = async (headers: Record<string, string>) =>
    await at.app.request("/v1/events/open/claims", { method: "POST", headers });
  const idOf = (response: Response) => response.headers.get("x-request-id");
  expect(idOf(await claim(at.bearer("alice")))).toBeNull();
  expect(idOf(await claim({ ...at.bearer("alice"), "x-request-id": "a1" }))).toBe("a1");
  expect(idOf(await claim({ "x-request-id": "a2" }))).toBe("a2");
  // The answers of one refusal are made from one text, but not of one another's headers.
  expect(idOf(await claim({}))).toBeNull();
  const asked = await at.app.request("/v1/events/open", { headers: { "x-request-id": "a3" } });
  expect(idOf(asked)).toBe("a3");
  const [first, second] = [await at.app.request("/healthz"), await at.app.request("/healthz")];
  expect(idOf(first)).toMatch(/^[0-9a-f-]{36}$/);
  expect(idOf(first)).not.toBe(idOf(second));
  await at.catalogue.close();
});

test("nothing stands before a claim's handler, so that no claim pays for it", async () => {
  const at = await openApp();
  const [handlers] = at.app.router.match("POST", "/v1/events/open/claims");
  expect(handlers).toHaveLength(1);
  const [watched] = at.app.router.match("GET", "/v1/events/open");
  expect(watched.length).toBeGreaterThan(1);
  await at.catalogue.close();
});
