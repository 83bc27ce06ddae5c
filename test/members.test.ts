/** Members as they meet the real program: who is let in, by which token, and for how long. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { readServeConfig } from "../src/config.ts";
import { createMember } from "../src/server/members/accounts.ts";
import { changeMember } from "../src/server/members/administration.ts";
import { AUDIENCE, ISSUER, TestProvider } from "./support/identity-provider.ts";
import { runProgram } from "./support/program.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { bearer, TestServer } from "./support/server.ts";

const PASSWORD = "correct horse battery";

const answerSchema = z.looseObject({ code: z.string().optional() });

/** Sends a request, and returns its status and the code of its answer. */
async function send(
  server: TestServer,
  method: string,
  path: string,
  { body, headers = {} }: { body?: object; headers?: Record<string, string> } = {},
) {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(server.url + path, { method, headers, ...init });
  const answer = answerSchema.parse(await response.json());
  return { status: response.status, code: answer.code, answer };
}

/** `couponlive user …` on the server's database, which must succeed. */
async function user(server: TestServer, ...args: readonly string[]): Promise<void> {
  const result = await runProgram(["user", ...args], { env: server.env });
  expect(result).toMatchObject({ exitCode: 0, stderr: "" });
}

describe("whoever is switched off on the command line", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis({ persistence: "none" });
  });
  afterAll(() => redis.stop());

  for (const engine of ["embedded", "redis"] as const) {
    test(`is refused by every process on ${engine}, and let in again`, async () => {
      const flags = engine === "redis" ? ["--redis", redis.url, "--workers", "2"] : [];
      await using server = await TestServer.create(flags);
      const event = await server.openEvent({ name: `members ${engine}`, stock: 5_000 });
      await createMember(server.database, { id: "kim" }, "program");
      await server.start();
      expect((await server.firstClaim(event.id, "kim")).status).toBe(201);
      /** Each on a connection of its own, so that both processes are asked. */
      const claims = async () => {
        const asked = Array.from({ length: 16 }, () =>
          send(server, "POST", `/v1/events/${event.id}/claims`, {
            headers: { ...bearer("kim"), connection: "close" },
          }),
        );
        return new Set((await Promise.all(asked)).map(({ status, code }) => `${status} ${code}`));
      };
      const settle = async (isSettled: (seen: ReadonlySet<string>) => boolean) => {
        for (;;) {
          const seen = await claims();
          if (seen.size === 1 && isSettled(seen)) return;
          await Bun.sleep(20);
        }
      };
      await user(server, "deactivate", "kim");
      await settle((seen) => seen.has("403 inactive_member"));
      // From then on nobody forgets it.
      for (let n = 0; n < 5; n++) expect([...(await claims())]).toEqual(["403 inactive_member"]);
      await user(server, "activate", "kim");
      await settle((seen) => [...seen].every((each) => each.startsWith("200")));
    });
  }
});

test("members register and log in where that is open, and administrators lose their role at once", async () => {
  await using server = await TestServer.create(["--registration", "on"]);
  const boss = {
    id: "boss",
    email: "boss@example.test",
    password: PASSWORD,
    role: "admin",
  } as const;
  await createMember(server.database, boss, "program");
  await server.start();
  const registration = { email: "new@example.test", password: PASSWORD };
  expect(await send(server, "POST", "/v1/users", { body: registration })).toMatchObject({
    status: 201,
  });
  expect(await send(server, "POST", "/v1/auth/login", { body: registration })).toMatchObject({
    status: 200,
  });
  const login = await send(server, "POST", "/v1/auth/login", {
    body: { email: "boss@example.test", password: PASSWORD },
  });
  const { token } = z.object({ token: z.string() }).parse(login.answer);
  const list = () =>
    send(server, "GET", "/v1/admin/users", { headers: { authorization: `Bearer ${token}` } });
  expect((await list()).status).toBe(200);
  await user(server, "role", "boss@example.test", "member");
  expect(await list()).toMatchObject({ status: 403, code: "forbidden" });
});

describe("an identity provider's members", () => {
  test("claim with its tokens, beside our own; it may be away once they are known; nobody registers here", async () => {
    using provider = new TestProvider();
    await provider.addKey("rsa", "RS256");
    await using server = await TestServer.create([
      ...["--jwks-url", provider.jwksUrl, "--jwks-issuer", ISSUER, "--jwks-audience", AUDIENCE],
      ...["--jwks-admin", "roles=coupon-admin"],
    ]);
    const event = await server.openEvent({ name: "outside", stock: 10 });
    await createMember(server.database, { id: "auth0|off" }, "program");
    await changeMember(server.database, "auth0|off", { active: false }, "program");
    await server.start();
    const claim = async (token: string) =>
      await send(server, "POST", `/v1/events/${event.id}/claims`, {
        headers: { authorization: `Bearer ${token}` },
      });
    const known = await provider.sign("rsa", "auth0|1");
    expect((await claim(known)).status).toBe(201);
    expect((await claim(known)).status).toBe(200);
    expect((await server.claim(event.id, "ours")).status).toBe(201);
    const off = await claim(await provider.sign("rsa", "auth0|off"));
    expect(off).toMatchObject({ status: 403, code: "inactive_member" });
    const expired = await provider.sign("rsa", "auth0|2", { exp: 1 });
    expect(await claim(expired)).toMatchObject({ status: 401, code: "unauthorized" });

    const asAdmin = async (claims: Record<string, unknown>) => {
      const authorization = `Bearer ${await provider.sign("rsa", "auth0|root", claims)}`;
      return await send(server, "GET", "/v1/admin/users", { headers: { authorization } });
    };
    expect((await asAdmin({ roles: ["coupon-admin"] })).status).toBe(200);
    expect((await asAdmin({ role: "admin" })).status).toBe(403);
    const body = { email: "new@example.test", password: PASSWORD };
    expect(await send(server, "POST", "/v1/users", { body })).toMatchObject({
      status: 403,
      code: "registration_closed",
    });

    provider.failure = () => new Response("down", { status: 503 });
    await provider.addKey("next", "ES256");
    const unseen = await provider.sign("next", "auth0|3");
    expect((await claim(known)).status).toBe(200);
    // Within the interval of refetching, a key that nobody has seen is nobody's.
    const early = await claim(unseen);
    expect([401, 503]).toContain(early.status);
    expect((await server.claim(event.id, "ours too")).status).toBe(201);
  });

  test("wait while its keys cannot be had", async () => {
    using provider = new TestProvider();
    await provider.addKey("ed", "EdDSA");
    provider.failure = () => new Response("down", { status: 503 });
    await using server = await TestServer.create([
      ...["--jwks-url", provider.jwksUrl, "--jwks-issuer", ISSUER, "--jwks-audience", AUDIENCE],
    ]);
    const event = await server.openEvent({ name: "away", stock: 10 });
    await server.start();
    const token = await provider.sign("ed", "auth0|1");
    const claim = () =>
      fetch(`${server.url}/v1/events/${event.id}/claims`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
      });
    const away = await claim();
    expect(away.headers.get("retry-after")).toBe("1");
    expect(await away.json()).toMatchObject({ status: 503, code: "identity_unavailable" });
    expect((await server.firstClaim(event.id, "ours")).status).toBe(201);
    provider.failure = undefined;
    while ((await claim()).status !== 201) await Bun.sleep(50);
    await server.program?.readUntil(/the identity provider's keys cannot be fetched/);
  });

  test.each([
    [{ jwksUrl: "https://id.example.test/keys" }, "--jwks-issuer"],
    [{ jwksAdmin: "roles=x" }, "--jwks-url"],
    [{ jwksUrl: "http://id.example.test/keys" }, "https://"],
    [{ jwksUrl: "http://127.0.0.1.example.test/keys" }, "https://"],
    [{ jwksAdmin: "roles" }, "roles=coupon-admin"],
    [{ trustedProxy: "everyone" }, "10.0.0.0/8"],
    [{ registration: "yes" }, "on or off"],
  ])("%p is refused at the start", (flags, complaint) => {
    expect(() => readServeConfig(flags, {})).toThrow(complaint);
  });
});
