import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { exportJWK, exportSPKI, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { AUDIENCE, ISSUER, TestProvider } from "../../../test/support/identity-provider.ts";
import { IdentityProvider, PROVIDER_LIMITS, type ProviderLimits } from "./identity-provider.ts";
import { createTokenVerifier } from "./token-verifier.ts";
import { base64urlJson, createTokenKeys } from "./tokens.ts";

const KIDS = { rsa: "RS256", ec: "ES256", ed: "EdDSA" } as const;

let source: TestProvider;

beforeAll(async () => {
  source = new TestProvider();
  for (const [kid, alg] of Object.entries(KIDS)) await source.addKey(kid, alg);
});

afterAll(() => source[Symbol.dispose]());

/** A provider as a server opens it, that knows no keys yet. */
function open(limits: Partial<ProviderLimits> = {}, failures: unknown[] = []) {
  const config = {
    jwksUrl: source.jwksUrl,
    issuer: ISSUER,
    audience: AUDIENCE,
    admin: { claim: "roles", value: "coupon-admin" },
  };
  return new IdentityProvider(config, (error) => failures.push(error), {
    ...PROVIDER_LIMITS,
    ...limits,
  });
}

describe("a token of the provider", () => {
  test.each(Object.keys(KIDS))("signed with %s is verified once, and then known", async (kid) => {
    const provider = open();
    const token = await source.sign(kid, "auth0|1");
    const nowMs = Date.now();
    expect(provider.recall(token, nowMs)).toBeUndefined();
    expect(await provider.introduce(token, nowMs)).toBe("verified");
    const identity = provider.recall(token, nowMs);
    expect(identity).toMatchObject({ memberId: "auth0|1", role: "member" });
    const expiresAtMs = identity?.expiresAtMs ?? 0;
    expect(expiresAtMs).toBeGreaterThan(nowMs);
    expect(provider.recall(token, expiresAtMs - 1)).toBeDefined();
    expect(provider.recall(token, expiresAtMs)).toBeUndefined();
  });

  test("makes an administrator by the claim that is configured, and by no other", async () => {
    const provider = open();
    const cases: readonly (readonly [JWTPayload, string])[] = [
      [{ roles: ["x", "coupon-admin"] }, "admin"],
      [{ roles: "coupon-admin" }, "admin"],
      [{ roles: ["coupon-admins"] }, "member"],
      [{ roles: { "coupon-admin": true } }, "member"],
      [{ role: "admin" }, "member"],
    ];
    for (const [claims, role] of cases) {
      const token = await source.sign("ec", "m", claims);
      await provider.introduce(token, Date.now());
      expect(provider.recall(token, Date.now())).toMatchObject({ role });
    }
  });

  test("is forgotten when too many others came, and verified anew", async () => {
    const provider = open({ rememberedTokens: 2 });
    const tokens = await Promise.all(["a", "b", "c"].map((sub) => source.sign("ed", sub)));
    for (const token of tokens) await provider.introduce(token, Date.now());
    expect(tokens.map((token) => provider.recall(token, Date.now())?.memberId)).toEqual([
      undefined,
      "b",
      "c",
    ]);
    expect(await provider.introduce(tokens[0] ?? "", Date.now())).toBe("verified");
  });

  test("waits for its turn when too many are being verified", async () => {
    const provider = open({ verificationsAtOnce: 2 });
    const token = await source.sign("rsa", "m");
    const all = Array.from({ length: 5 }, () => provider.introduce(token, Date.now()));
    const outcomes = await Promise.all(all);
    expect(outcomes.filter((outcome) => outcome === "overloaded")).toHaveLength(3);
    expect(await provider.introduce(token, Date.now())).toBe("verified");
  });
});

describe("a hostile token", () => {
  const own = createTokenVerifier(
    createTokenKeys({
      secret: "the secret that signs, of 32 bytes or more",
      previousSecret: undefined,
      issuer: ISSUER,
      audience: AUDIENCE,
    }),
  );
  const nowSeconds = () => Math.floor(Date.now() / 1_000);
  const claims = () => ({ iss: ISSUER, aud: AUDIENCE, sub: "m", exp: nowSeconds() + 60 });
  /** HS256 with the public key, in the forms in which libraries took it for a secret. */
  const signedWithPublic = async (secret: string) => {
    const input = `${base64urlJson({ alg: "HS256", kid: "rsa" })}.${base64urlJson(claims())}`;
    return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
  };
  const publicKey = () => source.keyOf("rsa").pair.publicKey;

  const hostile: Readonly<Record<string, () => Promise<string>>> = {
    "without a signature": async () => new UnsecuredJWT(claims()).encode(),
    "whose alg is none under a known kid": async () =>
      `${base64urlJson({ alg: "none", kid: "rsa" })}.${base64urlJson(claims())}.`,
    "signed with the public key as a secret": async () =>
      await signedWithPublic(await exportSPKI(publicKey())),
    "signed with the public JWK as a secret": async () =>
      await signedWithPublic(JSON.stringify(await exportJWK(publicKey()))),
    "of another key under a known kid": async () => {
      using stranger = new TestProvider();
      await stranger.addKey("rsa", "RS256");
      return await stranger.sign("rsa", "m");
    },
    "that brings its own key": async () => {
      using stranger = new TestProvider();
      await stranger.addKey("own", "ES256");
      const { pair } = stranger.keyOf("own");
      const header = { alg: "ES256", kid: "own", jwk: await exportJWK(pair.publicKey) };
      return await new SignJWT(claims()).setProtectedHeader(header).sign(pair.privateKey);
    },
    "of another algorithm than its key": async () => {
      const [, payload, signature] = (await source.sign("ec", "m")).split(".");
      return `${base64urlJson({ alg: "RS256", kid: "rsa" })}.${payload}.${signature}`;
    },
    "whose payload was changed": async () => {
      const [header, , signature] = (await source.sign("rsa", "m")).split(".");
      return `${header}.${base64urlJson({ ...claims(), sub: "root" })}.${signature}`;
    },
    "with a critical extension": async () => {
      const { pair } = source.keyOf("ec");
      const header = { alg: "ES256", kid: "ec", crit: ["x"], x: 1 };
      const signing = new SignJWT(claims()).setProtectedHeader(header);
      return await signing.sign(pair.privateKey, { crit: { x: true } });
    },
    "of an unknown kid": async () => {
      const { pair } = source.keyOf("ec");
      const header = { alg: "ES256", kid: "nobody's" };
      return await new SignJWT(claims()).setProtectedHeader(header).sign(pair.privateKey);
    },
    "of another issuer": () => source.sign("rsa", "m", { iss: `${ISSUER}x` }),
    "without an issuer": () => source.sign("rsa", "m", { iss: undefined }),
    "for another audience": () => source.sign("rsa", "m", { aud: ["others"] }),
    "that has expired": () => source.sign("rsa", "m", { exp: nowSeconds() }),
    "that never expires": () => source.sign("rsa", "m", { exp: undefined }),
    "that is not valid yet": () => source.sign("rsa", "m", { nbf: nowSeconds() + 60 }),
    "without a subject": () => source.sign("rsa", "m", { sub: undefined }),
    "whose subject is no member's id": () => source.sign("rsa", "a\u0000b"),
    "that is too long": () => source.sign("rsa", "m", { padding: "x".repeat(4_096) }),
    "that is none": async () => "a.b.c",
  };

  test.each(Object.keys(hostile))("%s is refused by both", async (name) => {
    const provider = open();
    const token = (await hostile[name]?.()) ?? "";
    expect(await provider.introduce(token, Date.now())).toBe("refused");
    expect(provider.recall(token, Date.now())).toBeUndefined();
    expect(own(token, Date.now())).toBeUndefined();
  });

  test("does not have the keys fetched again and again", async () => {
    const provider = open();
    await provider.warmUp();
    const before = source.fetches;
    const token = (await hostile["of an unknown kid"]?.()) ?? "";
    for (let n = 0; n < 20; n++)
      expect(await provider.introduce(token, Date.now())).toBe("refused");
    const noneAsked = (await hostile["signed with the public key as a secret"]?.()) ?? "";
    await provider.introduce(noneAsked, Date.now());
    expect(source.fetches).toBe(before);
  });
});

describe("the provider's keys", () => {
  test("are fetched once for many tokens, and again for a kid that is new", async () => {
    const provider = open({ unknownKeyIntervalMs: 0 });
    const before = source.fetches;
    const tokens = await Promise.all(["a", "b", "c"].map((sub) => source.sign("rsa", sub)));
    await Promise.all(tokens.map((token) => provider.introduce(token, Date.now())));
    expect(source.fetches).toBe(before + 1);

    await source.addKey("next", "ES256");
    const next = await source.sign("next", "m");
    expect(await provider.introduce(next, Date.now())).toBe("verified");
    expect(source.fetches).toBe(before + 2);
    // Once the key is withdrawn, what was verified stays known, and nothing new is taken.
    const unseen = await source.sign("next", "n");
    source.removeKey("next");
    const fresh = open();
    expect(await fresh.introduce(unseen, Date.now())).toBe("refused");
    expect(provider.recall(next, Date.now())).toBeDefined();
  });

  test("cannot be had: known tokens go on, new ones are unavailable, and it is asked again later", async () => {
    const failures: unknown[] = [];
    const provider = open({ keyMaxAgeMs: 0, failureIntervalMs: 0 }, failures);
    const known = await source.sign("rsa", "known");
    expect(await provider.introduce(known, Date.now())).toBe("verified");
    const answers: readonly (() => Response)[] = [
      () => new Response("down", { status: 503 }),
      () => new Response(null, { status: 302, headers: { location: source.jwksUrl } }),
      () => new Response("<html>"),
      () => Response.json({ keys: "none" }),
    ];
    const unseen = await source.sign("rsa", "new");
    for (const [index, answer] of answers.entries()) {
      source.failure = answer;
      expect(await provider.introduce(unseen, Date.now())).toBe("unavailable");
      expect(failures).toHaveLength(index + 1);
    }
    expect(provider.recall(known, Date.now())).toMatchObject({ memberId: "known" });
    source.failure = undefined;
    expect(await provider.introduce(unseen, Date.now())).toBe("verified");
  });

  test("are not asked for by every token while the provider is away", async () => {
    const failures: unknown[] = [];
    const provider = open({ failureIntervalMs: 3_600_000 }, failures);
    const before = source.fetches;
    source.failure = () => new Response("down", { status: 503 });
    for (const sub of ["a", "b", "c"]) {
      const token = await source.sign("rsa", sub);
      expect(await provider.introduce(token, Date.now())).toBe("unavailable");
    }
    source.failure = undefined;
    expect(source.fetches).toBe(before + 1);
    expect(failures).toHaveLength(1);
  });
});
