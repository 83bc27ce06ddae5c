import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { jwtVerify } from "jose";
import { z } from "zod";
import { arbitraryMutation, arbitraryToken } from "./hostile-tokens.ts";
import { createTokenVerifier, type Identity, MAX_TOKEN_BYTES } from "./token-verifier.ts";
import { createTokenKeys, signTokenSync, tokenHeader } from "./tokens.ts";

const keys = createTokenKeys({
  secret: "the secret that signs, of 32 bytes or more",
  previousSecret: "the secret that signed before the rotation",
  issuer: "couponlive",
  audience: "couponlive-members",
});
const [, previousKey] = keys.accepted;
const NOW_SECONDS = 1_700_000_000;
const NOW_MS = NOW_SECONDS * 1_000;
const RUNS = 10_000;

const verify = createTokenVerifier(keys);

/** Our own rules on claims, stated a second time. */
const ownClaims = z.object({
  sub: z
    .string()
    .min(1)
    .regex(/^\P{Cc}*$/u)
    .refine((text) => text.length <= 128 && text.isWellFormed()),
  role: z.enum(["member", "admin"]).default("member"),
});

/** What the verifier must answer: jose, and then our rules. */
async function reference(token: string, nowMs: number): Promise<Identity | undefined> {
  if (token.length > MAX_TOKEN_BYTES) return undefined;
  const key = ({ kid }: { kid?: string }) => {
    const named = keys.accepted.find((accepted) => accepted.kid === kid);
    if (named === undefined) throw new Error("unknown kid");
    return named.secret;
  };
  const verified = await jwtVerify(token, key, {
    algorithms: ["HS256"],
    issuer: keys.issuer,
    audience: keys.audience,
    requiredClaims: ["sub", "exp"],
    clockTolerance: 0,
    currentDate: new Date(nowMs),
  }).catch(() => undefined);
  const own = ownClaims.safeParse(verified?.payload);
  if (!own.success) return undefined;
  const expiresAtMs = Math.ceil(verified?.payload.exp ?? Number.NaN) * 1_000;
  return {
    memberId: own.data.sub,
    role: own.data.role,
    expiresAtMs: Math.min(expiresAtMs, Number.MAX_SAFE_INTEGER),
  };
}

const rightClaims = {
  iss: keys.issuer,
  aud: keys.audience,
  sub: "member-0000001",
  role: "member",
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 60,
};

interface Parts {
  readonly header?: object;
  readonly claims?: object | string | Uint8Array;
  readonly secret?: Uint8Array;
  readonly hash?: string;
}

/** A token of these parts, rightly signed unless they say otherwise. */
function forge({ header, claims, secret = keys.current.secret, hash = "sha256" }: Parts): string {
  const payload =
    typeof claims === "string" || claims instanceof Uint8Array
      ? Buffer.from(claims)
      : Buffer.from(JSON.stringify({ ...rightClaims, ...claims }));
  const head = Buffer.from(JSON.stringify({ ...tokenHeader(keys.current), ...header }));
  const input = `${head.toString("base64url")}.${payload.toString("base64url")}`;
  return `${input}.${createHmac(hash, secret).update(input).digest("base64url")}`;
}

const valid = forge({});
const [head = "", payload = "", signature = ""] = valid.split(".");

const accepted: Readonly<Record<string, string>> = {
  "a token as we sign it": valid,
  "a token of the former key": forge({
    header: { kid: previousKey?.kid },
    secret: previousKey?.secret ?? new Uint8Array(),
  }),
  "a header without typ": forge({ header: { typ: undefined, cty: "x" } }),
  "another typ": forge({ header: { typ: "at+jwt" } }),
  "several audiences": forge({ claims: { aud: ["other", keys.audience] } }),
  "no role": forge({ claims: { role: undefined } }),
  "no iat": forge({ claims: { iat: undefined } }),
  "nbf in the past": forge({ claims: { nbf: NOW_SECONDS } }),
  "exp beyond all numbers": forge({
    claims: JSON.stringify({ ...rightClaims, exp: 7 }).replace(":7", ":1e999"),
  }),
  "critical b64 that is true": forge({ header: { crit: ["b64"], b64: true } }),
  "b64 false that is not critical": forge({ header: { b64: false } }),
  "a duplicate whose last value is right": forge({
    claims: `{"exp":1,${JSON.stringify(rightClaims).slice(1)}`,
  }),
  "a byte order mark": forge({ claims: `\ufeff${JSON.stringify(rightClaims)}` }),
  "a padded signature": `${valid}=`,
  "a space in the signature": `${head}.${payload}. ${signature}`,
};

const refused: Readonly<Record<string, string>> = {
  nothing: "",
  "no segments": "abc",
  "two segments": `${head}.${payload}`,
  "four segments": `${valid}.`,
  "five segments (JWE)": `${valid}.a.b`,
  "empty segments": "..",
  "no signature": `${head}.${payload}.`,
  "alg none, unsigned": `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`,
  "alg none": forge({ header: { alg: "none" } }),
  "alg HS384": forge({ header: { alg: "HS384" }, hash: "sha384" }),
  "alg HS512 over HS256": forge({ header: { alg: "HS512" } }),
  "alg RS256": forge({ header: { alg: "RS256" } }),
  "alg ES256": forge({ header: { alg: "ES256" } }),
  "no alg": forge({ header: { alg: undefined } }),
  "a key that nobody accepts": forge({ secret: Buffer.from("some other key, also long enough") }),
  "the former key under the current kid": forge({ secret: previousKey?.secret ?? Buffer.of(1) }),
  "an unknown kid": forge({ header: { kid: "0123456789abcdef" } }),
  "no kid": forge({ header: { kid: undefined } }),
  "a kid that is a list": forge({ header: { kid: [keys.current.kid] } }),
  "an unknown critical extension": forge({ header: { crit: ["exp"], exp: 1 } }),
  "critical b64 that is false": forge({ header: { crit: ["b64"], b64: false } }),
  "critical b64 that is missing": forge({ header: { crit: ["b64"] } }),
  "an empty crit": forge({ header: { crit: [], b64: true } }),
  "no iss": forge({ claims: { iss: undefined } }),
  "another iss": forge({ claims: { iss: "other" } }),
  "no aud": forge({ claims: { aud: undefined } }),
  "another aud": forge({ claims: { aud: ["other"] } }),
  "no exp": forge({ claims: { exp: undefined } }),
  "exp now": forge({ claims: { exp: NOW_SECONDS } }),
  "exp a text": forge({ claims: { exp: `${NOW_SECONDS + 60}` } }),
  "exp negative": forge({ claims: { exp: -1 } }),
  "nbf in the future": forge({ claims: { nbf: NOW_SECONDS + 1 } }),
  "nbf null": forge({ claims: { nbf: null } }),
  "iat a text": forge({ claims: { iat: "now" } }),
  "no sub": forge({ claims: { sub: undefined } }),
  "an empty sub": forge({ claims: { sub: "" } }),
  "a sub that is a number": forge({ claims: { sub: 1 } }),
  "a sub of 129 characters": forge({ claims: { sub: "x".repeat(129) } }),
  "a control character in sub": forge({ claims: { sub: "a\u0000b" } }),
  "a lone surrogate in sub": forge({ claims: { sub: "\ud800" } }),
  "an unknown role": forge({ claims: { role: "owner" } }),
  "role null": forge({ claims: { role: null } }),
  "a duplicate whose last value is wrong": forge({
    claims: `${JSON.stringify(rightClaims).slice(0, -1)},"exp":1}`,
  }),
  "claims that are a list": forge({ claims: `[${JSON.stringify(rightClaims)}]` }),
  "claims that are null": forge({ claims: "null" }),
  "claims that are not JSON": forge({ claims: "member-0000001" }),
  "claims that are not UTF-8": forge({
    claims: Buffer.from(JSON.stringify({ ...rightClaims, name: "é" }), "latin1"),
  }),
  "an oversized token": forge({ claims: { filler: "x".repeat(MAX_TOKEN_BYTES) } }),
};

describe("the verifier and jose", () => {
  test.each(Object.entries(accepted))("accept %s", async (_, token) => {
    expect(verify(token, NOW_MS)).toBeDefined();
    expect(verify(token, NOW_MS)).toEqual(await reference(token, NOW_MS));
  });

  test.each(Object.entries(refused))("refuse %s", async (_, token) => {
    expect(verify(token, NOW_MS)).toBeUndefined();
    expect(await reference(token, NOW_MS)).toBeUndefined();
  });

  test("agree on tokens that are wrong in a place or two", async () => {
    let acceptedCount = 0;
    await fc.assert(
      fc.asyncProperty(
        arbitraryToken(keys, NOW_SECONDS),
        fc.constantFrom(-60_000, -1, 0, 1, 999, 1_000, 59_999, 60_000),
        async (token, offsetMs) => {
          const identity = verify(token, NOW_MS + offsetMs);
          if (identity !== undefined) acceptedCount++;
          expect(identity).toEqual(await reference(token, NOW_MS + offsetMs));
        },
      ),
      { numRuns: RUNS },
    );
    // The property says little unless both answers are common.
    expect(acceptedCount).toBeGreaterThan(RUNS * 0.1);
    expect(acceptedCount).toBeLessThan(RUNS * 0.6);
  });

  test("agree on a valid token with one character or segment changed", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryMutation(valid), async (token) => {
        expect(verify(token, NOW_MS)).toEqual(await reference(token, NOW_MS));
      }),
      { numRuns: RUNS },
    );
  });

  test("agree on any text", async () => {
    const text = fc.string({ unit: fc.constantFrom(...'aA0._-={}"é\ud800'), maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        expect(verify(token, NOW_MS)).toEqual(await reference(token, NOW_MS));
      }),
    );
  });
});

describe("createTokenVerifier", () => {
  const token = signTokenSync(keys, {
    memberId: "member-0000001",
    role: "admin",
    lifetimeSeconds: 60,
    nowMs: NOW_MS + 500,
  });

  test("names the member, the role and the end of the token", () => {
    expect(verify(token, NOW_MS)).toEqual({
      memberId: "member-0000001",
      role: "admin",
      expiresAtMs: NOW_MS + 60_000,
    });
  });

  test("accepts a token until the millisecond before its end", () => {
    expect(verify(token, NOW_MS + 59_999)).toBeDefined();
    expect(verify(token, NOW_MS + 60_000)).toBeUndefined();
  });

  test("rounds an end within a second up, as the check does", () => {
    const fractional = forge({ claims: { exp: NOW_SECONDS + 1.5 } });
    const identity = verify(fractional, NOW_MS);
    expect(identity?.expiresAtMs).toBe(NOW_MS + 2_000);
    expect(verify(fractional, NOW_MS + 1_999)).toBeDefined();
    expect(verify(fractional, NOW_MS + 2_000)).toBeUndefined();
  });

  test("gives an endless token an end that is a safe integer", () => {
    const endless = accepted["exp beyond all numbers"] ?? "";
    expect(verify(endless, NOW_MS)?.expiresAtMs).toBe(Number.MAX_SAFE_INTEGER);
  });

  test("accepts tokens of the longest size and no longer", () => {
    const length = (filler: number) => forge({ claims: { filler: "x".repeat(filler) } }).length;
    let filler = 0;
    while (length(filler + 1) <= MAX_TOKEN_BYTES) filler++;
    expect(verify(forge({ claims: { filler: "x".repeat(filler) } }), NOW_MS)).toBeDefined();
    expect(verify(forge({ claims: { filler: "x".repeat(filler + 1) } }), NOW_MS)).toBeUndefined();
  });
});
