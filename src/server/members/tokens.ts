/** Members' tokens: JWTs signed with HS256 (RFC 7519, RFC 7515), and the keys that sign them. */
import { createHash } from "node:crypto";
import { SignJWT } from "jose";
import type { TokenConfig } from "../../config.ts";
import { isMemberId, MEMBER_ID_RULE } from "./member-id.ts";

export type Role = "member" | "admin";

/** A shared secret and the name by which a token's header refers to it. */
export interface TokenKey {
  readonly kid: string;
  readonly secret: Uint8Array;
}

export interface TokenKeys {
  /** Signs. */
  readonly current: TokenKey;
  /** Every key whose tokens are accepted: the current one, and during a rotation the former one. */
  readonly accepted: readonly TokenKey[];
  readonly issuer: string;
  readonly audience: string;
}

export interface TokenRequest {
  readonly memberId: string;
  readonly role: Role;
  /** From the time of issue; a whole number, at least 1. */
  readonly lifetimeSeconds: number;
  /** The time of issue, rounded down to a second; now by default. */
  readonly nowMs?: number;
}

/** How many hexadecimal digits of the digest name a key: enough that two never meet by chance. */
const KID_LENGTH = 16;

/**
 * The keys of these settings. A key's `kid` follows from its secret, so that every process knows
 * the same name for it with nothing more to configure. It tells no more of the secret than a
 * token's signature does.
 */
export function createTokenKeys(config: TokenConfig): TokenKeys {
  const current = createTokenKey(config.secret);
  const accepted = [current];
  if (config.previousSecret !== undefined) accepted.push(createTokenKey(config.previousSecret));
  return { current, accepted, issuer: config.issuer, audience: config.audience };
}

function createTokenKey(secret: string): TokenKey {
  const digest = createHash("sha256").update("couponlive token key id\n").update(secret);
  return {
    kid: digest.digest("hex").slice(0, KID_LENGTH),
    secret: new TextEncoder().encode(secret),
  };
}

/** The protected header of every token that this key signs. */
export function tokenHeader(key: TokenKey): { alg: "HS256"; typ: "JWT"; kid: string } {
  return { alg: "HS256", typ: "JWT", kid: key.kid };
}

/**
 * Signs a token for a member: the claims `iss`, `aud`, `sub`, `role`, `iat` and `exp`.
 *
 * @throws RangeError when the member id or the lifetime is not one that the verifier would accept.
 */
export async function signToken(keys: TokenKeys, request: TokenRequest): Promise<string> {
  return await new SignJWT(tokenClaims(keys, request))
    .setProtectedHeader(tokenHeader(keys.current))
    .sign(keys.current.secret);
}

/**
 * The same token as `signToken`, byte for byte, made at once on this thread: for minting a crowd's
 * tokens, where jose's asynchronous signature would take half a minute for what takes seconds.
 *
 * @throws RangeError as `signToken` does.
 */
export function signTokenSync(keys: TokenKeys, request: TokenRequest): string {
  const header = base64urlJson(tokenHeader(keys.current));
  const signingInput = `${header}.${base64urlJson(tokenClaims(keys, request))}`;
  const hmac = new Bun.CryptoHasher("sha256", keys.current.secret);
  return `${signingInput}.${hmac.update(signingInput).digest("base64url")}`;
}

/** JSON in base64url without padding, as in a JWT's header and payload segments. */
export function base64urlJson(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function tokenClaims(keys: TokenKeys, request: TokenRequest): Record<string, string | number> {
  const { memberId, role, lifetimeSeconds, nowMs = Date.now() } = request;
  if (!isMemberId(memberId)) throw new RangeError(MEMBER_ID_RULE);
  if (!Number.isSafeInteger(lifetimeSeconds) || lifetimeSeconds < 1) {
    throw new RangeError("a token's lifetime is a whole number of seconds, at least 1");
  }
  const issuedAtSeconds = Math.floor(nowMs / 1_000);
  return {
    iss: keys.issuer,
    aud: keys.audience,
    sub: memberId,
    role,
    iat: issuedAtSeconds,
    exp: issuedAtSeconds + lifetimeSeconds,
  };
}
