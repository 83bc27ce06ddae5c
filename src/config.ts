/**
 * The settings, and the only place that reads the environment. A flag wins over a `COUPONLIVE_*`
 * variable, which wins over the default.
 */
import { CliError } from "./exit-codes.ts";

/** HS256 keys shorter than its 256-bit output weaken it (RFC 7518, section 3.2). */
export const MIN_SECRET_BYTES = 32;

export const DEFAULTS = {
  db: "couponlive.db",
  host: "127.0.0.1",
  port: 8080,
  workers: 1,
  issuer: "couponlive",
  audience: "couponlive",
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

export interface DatabaseConfig {
  /** A path, or a file:, libsql: or http(s): URL. */
  readonly db: string;
  readonly dbToken: string | undefined;
}

export interface TokenConfig {
  /** The secret that signs. */
  readonly secret: string;
  /** A former secret whose tokens are still accepted, during a rotation. */
  readonly previousSecret: string | undefined;
  readonly issuer: string;
  readonly audience: string;
}

export function readDatabaseConfig(
  flags: { readonly db?: string | undefined },
  environment: Environment = process.env,
): DatabaseConfig {
  return {
    db: flags.db ?? environment["COUPONLIVE_DB"] ?? DEFAULTS.db,
    dbToken: environment["COUPONLIVE_DB_TOKEN"],
  };
}

/** The Redis URL, or undefined for the embedded engine. */
export function readRedisUrl(
  flags: { readonly redis?: string | undefined },
  environment: Environment = process.env,
): string | undefined {
  const url = flags.redis ?? environment["COUPONLIVE_REDIS"];
  if (url === undefined || url === "") return undefined;
  if (!/^rediss?:\/\//.test(url)) {
    throw new CliError(
      "the Redis URL must look like redis://host:6379 (--redis, COUPONLIVE_REDIS)",
    );
  }
  return url;
}

/**
 * The keys that sign and check tokens.
 *
 * @throws CliError when no secret is set or one is shorter than 32 bytes. Secrets come from the
 * environment only: a flag would show in the process list.
 */
export function readTokenConfig(environment: Environment = process.env): TokenConfig {
  const secret = environment["COUPONLIVE_JWT_SECRET"];
  if (secret === undefined || secret === "") {
    throw new CliError(
      "COUPONLIVE_JWT_SECRET is not set: give it at least 32 random bytes, for example from `openssl rand -base64 48`",
    );
  }
  const previousSecret = environment["COUPONLIVE_JWT_PREVIOUS_SECRET"] || undefined;
  requireLength("COUPONLIVE_JWT_SECRET", secret);
  if (previousSecret !== undefined) requireLength("COUPONLIVE_JWT_PREVIOUS_SECRET", previousSecret);
  return {
    secret,
    previousSecret,
    issuer: environment["COUPONLIVE_JWT_ISSUER"] || DEFAULTS.issuer,
    audience: environment["COUPONLIVE_JWT_AUDIENCE"] || DEFAULTS.audience,
  };
}

function requireLength(name: string, secret: string): void {
  const bytes = Buffer.byteLength(secret);
  if (bytes < MIN_SECRET_BYTES) {
    throw new CliError(
      `${name} is ${bytes} bytes long: HS256 needs at least ${MIN_SECRET_BYTES} random bytes, for example from \`openssl rand -base64 48\``,
    );
  }
}
