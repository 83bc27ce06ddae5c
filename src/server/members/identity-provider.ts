/**
 * Members of an outside identity provider: tokens (JWTs) that it signs with keys of its own, which
 * it publishes as a JSON Web Key Set (RFC 7517). A token is verified once, by jose, and remembered
 * until it expires: what is seen again costs no signature check and no waiting.
 */
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import type { IdentityProviderConfig } from "../../config.ts";
import { isMemberId } from "./member-id.ts";
import { type Identity, MAX_TOKEN_BYTES } from "./token-verifier.ts";

/**
 * Signatures whose key may be published. No HMAC: a token must not be signed with what anybody may
 * read (RFC 8725, section 2.1).
 */
export const PROVIDER_ALGORITHMS: readonly string[] = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

export interface ProviderLimits {
  /** Tokens that are remembered; the one not seen for longest is verified anew when it comes again. */
  readonly rememberedTokens: number;
  /** Verifications under way in this process: about a tenth of a second of work. */
  readonly verificationsAtOnce: number;
  /** Keys are fetched again when they are older. */
  readonly keyMaxAgeMs: number;
  /** An unknown `kid` has the keys fetched again, at the most this often. */
  readonly unknownKeyIntervalMs: number;
  /** After a failed fetch, nobody asks the provider again for so long. */
  readonly failureIntervalMs: number;
  readonly fetchTimeoutMs: number;
}

export const PROVIDER_LIMITS: ProviderLimits = {
  rememberedTokens: 200_000,
  verificationsAtOnce: 1_000,
  keyMaxAgeMs: 600_000,
  unknownKeyIntervalMs: 10_000,
  failureIntervalMs: 1_000,
  fetchTimeoutMs: 5_000,
};

/**
 * What became of a token: it is remembered; it is nobody's; its key cannot be had now; or too many
 * are being verified.
 */
export type Introduction = "verified" | "refused" | "unavailable" | "overloaded";

/** The provider did not answer with keys a moment ago. */
class ProviderAwayError extends Error {}

/** jose's codes for an answer that is no key set, or none in time. */
const AWAY_CODES = ["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"];

export class IdentityProvider {
  readonly #config: IdentityProviderConfig;
  readonly #limits: ProviderLimits;
  readonly #onFailure: (error: unknown) => void;
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;
  /** By the token's SHA-256, so that no token is kept. */
  readonly #remembered: LRUCache<string, Identity>;
  #underWay = 0;
  #failedAtMs = Number.NEGATIVE_INFINITY;

  /** @param onFailure told of keys that could not be had, at the most once for each fetch */
  constructor(
    config: IdentityProviderConfig,
    onFailure: (error: unknown) => void,
    limits: ProviderLimits = PROVIDER_LIMITS,
  ) {
    this.#config = config;
    this.#limits = limits;
    this.#onFailure = onFailure;
    this.#remembered = new LRUCache({ max: limits.rememberedTokens });
    this.#keys = createRemoteJWKSet(new URL(config.jwksUrl), {
      timeoutDuration: limits.fetchTimeoutMs,
      cooldownDuration: limits.unknownKeyIntervalMs,
      cacheMaxAge: limits.keyMaxAgeMs,
      [customFetch]: (url, options) => this.#fetch(url, options),
    });
  }

  /** Fetches the keys before the first token needs them; a failure is only reported. */
  async warmUp(): Promise<void> {
    await this.#keys.reload().catch((error: unknown) => this.#report(error));
  }

  /** Whom a token that was verified before speaks for; undefined for any other, and once it expired. */
  recall(token: string, nowMs: number): Identity | undefined {
    const identity = this.#remembered.get(digest(token));
    return identity !== undefined && identity.expiresAtMs > nowMs ? identity : undefined;
  }

  /** True for a token that has the form of the provider's; nothing about it is verified. */
  mayHaveSigned(token: string): boolean {
    if (token.length > MAX_TOKEN_BYTES) return false;
    return PROVIDER_ALGORITHMS.includes(algorithmOf(token));
  }

  /** Verifies a token; `recall` knows it from then on. Never rejects. */
  async introduce(token: string, nowMs: number): Promise<Introduction> {
    if (!this.mayHaveSigned(token)) return "refused";
    if (this.#underWay >= this.#limits.verificationsAtOnce) return "overloaded";
    this.#underWay++;
    try {
      const { issuer, audience } = this.#config;
      const { payload } = await jwtVerify(token, this.#keys, {
        algorithms: [...PROVIDER_ALGORITHMS],
        issuer,
        audience,
        requiredClaims: ["sub", "exp"],
        clockTolerance: 0,
        currentDate: new Date(nowMs),
      });
      const identity = this.#identityOf(payload);
      if (identity === undefined) return "refused";
      this.#remembered.set(digest(token), identity);
      return "verified";
    } catch (error) {
      if (!isAway(error)) return "refused";
      this.#report(error);
      return "unavailable";
    } finally {
      this.#underWay--;
    }
  }

  #identityOf({ sub, exp, ...claims }: JWTPayload): Identity | undefined {
    if (!isMemberId(sub) || exp === undefined) return undefined;
    const expiresAtMs = Math.min(Math.ceil(exp) * 1_000, Number.MAX_SAFE_INTEGER);
    return { memberId: sub, role: this.#isAdmin(claims) ? "admin" : "member", expiresAtMs };
  }

  #isAdmin(claims: Readonly<Record<string, unknown>>): boolean {
    const { admin } = this.#config;
    if (admin === undefined || !Object.hasOwn(claims, admin.claim)) return false;
    const held = claims[admin.claim];
    return held === admin.value || (Array.isArray(held) && held.includes(admin.value));
  }

  async #fetch(url: string, options: RequestInit): Promise<Response> {
    if (Date.now() - this.#failedAtMs < this.#limits.failureIntervalMs) {
      throw new ProviderAwayError("the identity provider did not answer a moment ago");
    }
    try {
      const response = await fetch(url, options);
      if (response.status !== 200) throw new Error(`it answered ${response.status}`);
      return response;
    } catch (error) {
      this.#failedAtMs = Date.now();
      throw error;
    }
  }

  #report(error: unknown): void {
    // That one follows from a failure that was reported.
    if (!(error instanceof ProviderAwayError)) this.#onFailure(error);
  }
}

/** True where it was not the token's fault. */
function isAway(error: unknown): boolean {
  return error instanceof errors.JOSEError ? AWAY_CODES.includes(error.code) : true;
}

function digest(token: string): string {
  return Bun.CryptoHasher.hash("sha256", token, "base64");
}

/** The `alg` of the token's header, or an empty text where it has none. */
function algorithmOf(token: string): string {
  try {
    const header = Buffer.from(token.slice(0, token.indexOf(".")), "base64url");
    const parsed: unknown = JSON.parse(header.toString());
    if (typeof parsed !== "object" || parsed === null || !("alg" in parsed)) return "";
    return typeof parsed.alg === "string" ? parsed.alg : "";
  } catch {
    return ""; // Not JSON: a malformed token.
  }
}
