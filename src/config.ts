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

/** More web processes than this on one machine is a slip of the finger. */
const MAX_WORKERS = 256;

type Environment = Readonly<Record<string, string | undefined>>;

export interface DatabaseConfig {
  /** A path, or a file:, libsql: or http(s): URL. */
  readonly db: string;
  readonly dbToken: string | undefined;
}

export interface ServeConfig {
  readonly host: string;
  readonly port: number;
  /** Web processes. */
  readonly workers: number;
  /** Undefined to serve without TLS. */
  readonly tls?: TlsFiles | undefined;
}

/** PEM files: the certificate with its chain, and its key. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface TokenConfig {
  /** The secret that signs. */
  readonly secret: string;
  /** A former secret whose tokens are still accepted, during a rotation. */
  readonly previousSecret: string | undefined;
  readonly issuer: string;
  readonly audience: string;
}

/**
 * A flag, or else its variable. An empty variable counts as not set, as scripts leave them; an empty
 * flag is a slip (an unset variable of a script, mostly), and what it would mean nobody knows.
 */
function setting(
  name: string,
  flag: string | undefined,
  variable: string | undefined,
): string | undefined {
  if (flag === "") throw new CliError(`${name} is given empty: give it a value, or leave it out`);
  return flag ?? (variable || undefined);
}

export function readDatabaseConfig(
  flags: { readonly db?: string | undefined },
  environment: Environment = process.env,
): DatabaseConfig {
  return {
    db: setting("--db", flags.db, environment["COUPONLIVE_DB"]) ?? DEFAULTS.db,
    dbToken: environment["COUPONLIVE_DB_TOKEN"] || undefined,
  };
}

/** Whether a database was named, by a flag or a variable. */
export function namesDatabase(
  flags: { readonly db?: string | undefined },
  environment: Environment = process.env,
): boolean {
  return setting("--db", flags.db, environment["COUPONLIVE_DB"]) !== undefined;
}

/** The Redis URL, or undefined for the embedded engine. */
export function readRedisUrl(
  flags: { readonly redis?: string | undefined },
  environment: Environment = process.env,
): string | undefined {
  const url = setting("--redis", flags.redis, environment["COUPONLIVE_REDIS"]);
  if (url === undefined) return undefined;
  if (!/^rediss?:\/\//.test(url)) {
    throw new CliError(
      "the Redis URL must look like redis://host:6379 (--redis, COUPONLIVE_REDIS)",
    );
  }
  return url;
}

/** Where and how to listen, and with how many web processes. */
export function readServeConfig(
  flags: {
    readonly host?: string | undefined;
    readonly port?: string | undefined;
    readonly workers?: string | undefined;
    readonly tlsCert?: string | undefined;
    readonly tlsKey?: string | undefined;
  },
  environment: Environment = process.env,
): ServeConfig {
  return {
    host: setting("--host", flags.host, environment["COUPONLIVE_HOST"]) ?? DEFAULTS.host,
    port: readInteger(
      "the port (--port, COUPONLIVE_PORT)",
      setting("--port", flags.port, environment["COUPONLIVE_PORT"]),
      { default: DEFAULTS.port, min: 0, max: 65_535 },
    ),
    workers: readInteger(
      "the number of web processes (--workers, COUPONLIVE_WORKERS)",
      setting("--workers", flags.workers, environment["COUPONLIVE_WORKERS"]),
      { default: DEFAULTS.workers, min: 1, max: MAX_WORKERS },
    ),
    tls: readTlsFiles(
      setting("--tls-cert", flags.tlsCert, environment["COUPONLIVE_TLS_CERT"]),
      setting("--tls-key", flags.tlsKey, environment["COUPONLIVE_TLS_KEY"]),
    ),
  };
}

function readTlsFiles(
  certFile: string | undefined,
  keyFile: string | undefined,
): TlsFiles | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  throw new CliError(
    "TLS needs a certificate and its key: give both --tls-cert and --tls-key (COUPONLIVE_TLS_CERT, COUPONLIVE_TLS_KEY), or neither",
  );
}

function readInteger(
  name: string,
  text: string | undefined,
  range: { readonly default: number; readonly min: number; readonly max: number },
): number {
  if (text === undefined) return range.default;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= range.min && value <= range.max)) {
    throw new CliError(
      `${name} must be a whole number from ${range.min} to ${range.max}, not "${text}"`,
    );
  }
  return value;
}

/**
 * The keys that sign and check tokens.
 *
 * @param development without a secret, make one up for this run
 * @throws CliError when no secret is set or one is shorter than 32 bytes. Secrets come from the
 * environment only: a flag would show in the process list.
 */
export function readTokenConfig(
  { development = false } = {},
  environment: Environment = process.env,
): TokenConfig {
  const secret = environment["COUPONLIVE_JWT_SECRET"] || (development ? randomSecret() : undefined);
  if (secret === undefined) {
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

/** From here on, `fetch` of this process takes every server's certificate unseen (Bun reads this). */
export function acceptAnyCertificate(): void {
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
}

/** The environment of a child process that serves with these settings. */
export function childEnvironment(
  settings: {
    readonly database: DatabaseConfig;
    readonly tokens: TokenConfig;
    readonly redisUrl?: string;
    readonly tls?: TlsFiles | undefined;
  },
  environment: Environment = process.env,
): Record<string, string | undefined> {
  return {
    ...environment,
    COUPONLIVE_DB: settings.database.db,
    COUPONLIVE_DB_TOKEN: settings.database.dbToken,
    COUPONLIVE_REDIS: settings.redisUrl,
    COUPONLIVE_JWT_SECRET: settings.tokens.secret,
    COUPONLIVE_JWT_PREVIOUS_SECRET: settings.tokens.previousSecret,
    COUPONLIVE_JWT_ISSUER: settings.tokens.issuer,
    COUPONLIVE_JWT_AUDIENCE: settings.tokens.audience,
    COUPONLIVE_TLS_CERT: settings.tls?.certFile,
    COUPONLIVE_TLS_KEY: settings.tls?.keyFile,
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

function randomSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(MIN_SECRET_BYTES))).toString(
    "base64url",
  );
}
