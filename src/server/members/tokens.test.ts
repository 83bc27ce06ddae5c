import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { isMemberId, MAX_MEMBER_ID_LENGTH } from "./member-id.ts";
import { createTokenKeys, signToken, signTokenSync } from "./tokens.ts";

const config = {
  secret: "the secret that signs, of 32 bytes or more",
  previousSecret: undefined,
  issuer: "couponlive",
  audience: "couponlive-members",
};
const keys = createTokenKeys(config);
const request = {
  memberId: "member-0000001",
  role: "member",
  lifetimeSeconds: 3_600,
  nowMs: 1_700_000_000_999,
} as const;

describe("createTokenKeys", () => {
  test("names a key after its secret: 16 hexadecimal digits, the same in every process", () => {
    expect(keys.current.kid).toMatch(/^[0-9a-f]{16}$/);
    expect(createTokenKeys({ ...config, issuer: "other" }).current.kid).toBe(keys.current.kid);
    expect(createTokenKeys({ ...config, secret: `${config.secret}!` }).current.kid).not.toBe(
      keys.current.kid,
    );
  });

  test("accepts the former secret beside the current one, which signs", () => {
    const rotated = createTokenKeys({
      ...config,
      secret: "the secret that follows it, just as long",
      previousSecret: config.secret,
    });
    expect(rotated.accepted).toEqual([rotated.current, keys.current]);
    expect(rotated.current).not.toEqual(keys.current);
  });
});

describe("signToken", () => {
  test("makes a token that jose verifies, with these claims and no others", async () => {
    const token = await signToken(keys, request);
    const verified = await jwtVerify(token, keys.current.secret, {
      algorithms: ["HS256"],
      currentDate: new Date(request.nowMs),
    });
    expect(verified.protectedHeader).toEqual({ alg: "HS256", typ: "JWT", kid: keys.current.kid });
    expect(verified.payload).toEqual({
      iss: "couponlive",
      aud: "couponlive-members",
      sub: "member-0000001",
      role: "member",
      iat: 1_700_000_000,
      exp: 1_700_003_600,
    });
  });

  test("issues from now on by default", async () => {
    const before = Math.floor(Date.now() / 1_000);
    const token = await signToken(keys, { memberId: "m", role: "admin", lifetimeSeconds: 60 });
    const { iat = 0, exp = 0 } = decodeJwt(token);
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(iat).toBeLessThanOrEqual(Date.now() / 1_000);
    expect(exp - iat).toBe(60);
  });

  test.each([
    { memberId: "" },
    { memberId: "a\u0000b" },
    { memberId: "x".repeat(MAX_MEMBER_ID_LENGTH + 1) },
    { memberId: "\ud800" },
    { lifetimeSeconds: 0 },
    { lifetimeSeconds: 1.5 },
    { lifetimeSeconds: Number.NaN },
  ])("refuses %j", async (wrong) => {
    expect(() => signTokenSync(keys, { ...request, ...wrong })).toThrow(RangeError);
    await expect(signToken(keys, { ...request, ...wrong })).rejects.toThrow(RangeError);
  });
});

describe("signTokenSync", () => {
  test("makes jose's token byte for byte", async () => {
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          secret: fc.string({ minLength: 32, maxLength: 100 }),
          issuer: text,
          audience: text,
          memberId: text.filter(isMemberId),
          role: fc.constantFrom("member", "admin"),
          lifetimeSeconds: fc.integer({ min: 1 }),
          nowMs: fc.nat({ max: 2 ** 45 }),
        }),
        async ({ secret, issuer, audience, ...rest }) => {
          const own = createTokenKeys({ secret, previousSecret: undefined, issuer, audience });
          expect(signTokenSync(own, rest)).toBe(await signToken(own, rest));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("puts the kid of the key that signs in the header", () => {
    expect(decodeProtectedHeader(signTokenSync(keys, request)).kid).toBe(keys.current.kid);
  });
});
