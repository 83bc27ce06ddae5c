/**
 * Reads the settings, and is the only place that reads the environment. A flag wins over a
 * `COUPONLIVE_*` variable, which wins over the default. What settings there are: settings.ts.
 */
import type { BlockList } from "node:net";
import { readAddressRanges } from "./address-ranges.ts";
import { CliError } from "./exit-codes.ts";
import {
  flagWord,
  type LOG_FORMATS,
  type LOG_LEVELS,
  MIN_SECRET_BYTES,
  SETTINGS,
  type Setting,
  type SettingName,
} from "./settings.ts";

export const DEFAULTS = {
  db: SETTINGS.db.default,
  host: SETTINGS.host.default,
  port: SETTINGS.port.default,
  workers: SETTINGS.workers.default,
  issuer: SETTINGS.jwtIssuer.default,
  audience: SETTINGS.jwtAudience.default,
} as const;

/** What the names of all variables begin with. */
export const VARIABLE_PREFIX = "COUPONLIVE_";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What commander read of the flags, by the setting's name. */
export type SettingFlags = { readonly [Name in SettingName]?: string | undefined };

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
  /** Where metrics are served; undefined to serve none. */
  readonly metrics?: MetricsAddress | undefined;
  /** Origins whose pages may call; empty for none. */
  readonly corsOrigins?: readonly string[];
  readonly members?: MembersConfig | undefined;
}

export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

export interface LogConfig {
  readonly level: (typeof LOG_LEVELS)[number];
  /** Undefined: pretty on a terminal, JSON lines elsewhere. */
  readonly format: (typeof LOG_FORMATS)[number] | undefined;
}

/** Who may become a member, and how members are told apart. */
export interface MembersConfig {
  readonly isRegistrationOpen: boolean;
  /** Proxies whose X-Forwarded-For is believed; undefined for none. */
  readonly trustedProxies: BlockList | undefined;
  /** Undefined where only our own tokens are accepted. */
  readonly identityProvider?: IdentityProviderConfig | undefined;
}

export interface IdentityProviderConfig {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** The claim that holds this value, alone or in a list, in administrators' tokens. */
  readonly admin?: { readonly claim: string; readonly value: string } | undefined;
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

/** Where the text of a setting came from. */
export type SettingSource = "flag" | "variable" | "default";

/**
 * The text given for a setting, and where. An empty variable counts as not set, as scripts leave
 * them; an empty flag is a slip (an unset variable of a script, mostly), and what it would mean
 * nobody knows.
 *
 * @throws CliError for an empty flag
 */
function givenText(
  { flag, variable }: Setting<unknown>,
  flagText: string | undefined,
  environment: Environment,
): { readonly text: string; readonly source: SettingSource } | undefined {
  if (flag !== undefined && flagText !== undefined) {
    if (flagText !== "") return { text: flagText, source: "flag" };
    throw new CliError(`${flagWord(flag)} is given empty: give it a value, or leave it out`);
  }
  const text = environment[variable];
  return text === undefined || text === "" ? undefined : { text, source: "variable" };
}

/**
 * The value of one setting: of its flag, or else of its variable, or else its default.
 *
 * @throws CliError that names the setting, when it cannot be read
 */
export function readSetting<Value, Default extends Value | undefined>(
  setting: Setting<Value, Default>,
  flagText?: string,
  environment: Environment = process.env,
): Value | Default {
  const given = givenText(setting, flagText, environment);
  return given === undefined ? setting.default : setting.parse(given.text);
}

/** The database's place and its token. */
export function readDatabaseConfig(
  flags: Pick<SettingFlags, "db">,
  environment: Environment = process.env,
): DatabaseConfig {
  return {
    db: readSetting(SETTINGS.db, flags.db, environment),
    dbToken: readSetting(SETTINGS.dbToken, undefined, environment),
  };
}

/** Whether a database was named, by a flag or a variable. */
export function namesDatabase(
  flags: Pick<SettingFlags, "db">,
  environment: Environment = process.env,
): boolean {
  return givenText(SETTINGS.db, flags.db, environment) !== undefined;
}

/** The Redis URL, or undefined for the embedded engine. */
export function readRedisUrl(
  flags: Pick<SettingFlags, "redis">,
  environment: Environment = process.env,
): string | undefined {
  return readSetting(SETTINGS.redis, flags.redis, environment);
}

/** Where and how to listen, and with how many web processes. */
export function readServeConfig(
  flags: Omit<SettingFlags, "db" | "redis">,
  environment: Environment = process.env,
): ServeConfig {
  const metricsPort = readSetting(SETTINGS.metricsPort, flags.metricsPort, environment);
  const metricsHost = readSetting(SETTINGS.metricsHost, flags.metricsHost, environment);
  return {
    host: readSetting(SETTINGS.host, flags.host, environment),
    port: readSetting(SETTINGS.port, flags.port, environment),
    workers: readSetting(SETTINGS.workers, flags.workers, environment),
    tls: tlsFiles(
      readSetting(SETTINGS.tlsCert, flags.tlsCert, environment),
      readSetting(SETTINGS.tlsKey, flags.tlsKey, environment),
    ),
    metrics: metricsPort === undefined ? undefined : { host: metricsHost, port: metricsPort },
    corsOrigins: listed(readSetting(SETTINGS.corsOrigin, flags.corsOrigin, environment)),
    members: readMembersConfig(flags, environment),
  };
}

/** What is logged, and how. */
export function readLogConfig(
  flags: Pick<SettingFlags, "logLevel" | "logFormat">,
  environment: Environment = process.env,
): LogConfig {
  return {
    level: readSetting(SETTINGS.logLevel, flags.logLevel, environment),
    format: readSetting(SETTINGS.logFormat, flags.logFormat, environment),
  };
}

function readMembersConfig(flags: SettingFlags, environment: Environment): MembersConfig {
  const trustedProxies = readSetting(SETTINGS.trustedProxy, flags.trustedProxy, environment);
  return {
    isRegistrationOpen:
      readSetting(SETTINGS.registration, flags.registration, environment) === "on",
    trustedProxies: trustedProxies === undefined ? undefined : readAddressRanges(trustedProxies),
    identityProvider: readIdentityProvider(flags, environment),
  };
}

function readIdentityProvider(
  flags: SettingFlags,
  environment: Environment,
): IdentityProviderConfig | undefined {
  const jwksUrl = readSetting(SETTINGS.jwksUrl, flags.jwksUrl, environment);
  const issuer = readSetting(SETTINGS.jwksIssuer, flags.jwksIssuer, environment);
  const audience = readSetting(SETTINGS.jwksAudience, flags.jwksAudience, environment);
  const admin = readSetting(SETTINGS.jwksAdmin, flags.jwksAdmin, environment);
  if ([jwksUrl, issuer, audience, admin].every((setting) => setting === undefined)) {
    return undefined;
  }
  if (jwksUrl === undefined || issuer === undefined || audience === undefined) {
    throw new CliError(
      "an identity provider needs all of --jwks-url, --jwks-issuer and --jwks-audience (COUPONLIVE_JWKS_URL, COUPONLIVE_JWKS_ISSUER, COUPONLIVE_JWKS_AUDIENCE)",
    );
  }
  const [claim = "", ...value] = admin?.split("=") ?? [];
  return {
    jwksUrl,
    issuer,
    audience,
    admin: admin === undefined ? undefined : { claim, value: value.join("=") },
  };
}

function listed(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(",");
}

function tlsFiles(certFile: string | undefined, keyFile: string | undefined): TlsFiles | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  throw new CliError(
    "TLS needs a certificate and its key: give both --tls-cert and --tls-key (COUPONLIVE_TLS_CERT, COUPONLIVE_TLS_KEY), or neither",
  );
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
  const given = readSetting(SETTINGS.jwtSecret, undefined, environment);
  const secret = given ?? (development ? randomSecret() : undefined);
  if (secret === undefined) {
    throw new CliError(
      "COUPONLIVE_JWT_SECRET is not set: give it at least 32 random bytes, for example from `openssl rand -base64 48`",
    );
  }
  return {
    secret,
    previousSecret: readSetting(SETTINGS.jwtPreviousSecret, undefined, environment),
    issuer: readSetting(SETTINGS.jwtIssuer, undefined, environment),
    audience: readSetting(SETTINGS.jwtAudience, undefined, environment),
  };
}

/** One setting as it stands. */
export interface SettingState {
  readonly name: string;
  readonly flag: string | null;
  readonly variable: string;
  readonly description: string;
  /** Secrets are masked; null where nothing is set and there is no default. */
  readonly value: string | number | null;
  readonly source: SettingSource;
  /** What is wrong with it, or null. */
  readonly problem: string | null;
}

/** Every setting of the table as it stands, in the table's order. */
export function settingStates(
  flags: SettingFlags,
  environment: Environment = process.env,
): SettingState[] {
  return names().map((name) => {
    const setting: Setting<string | number> = SETTINGS[name];
    const { flag = null, variable, description } = setting;
    const same = { name, flag: flag && flagWord(flag), variable, description };
    try {
      const given = givenText(setting, flags[name], environment);
      if (given === undefined) {
        return { ...same, value: setting.default ?? null, source: "default", problem: null };
      }
      const { text, source } = given;
      return { ...same, source, ...shown(setting, text) };
    } catch (error) {
      return { ...same, value: "", source: "flag", problem: messageOf(error) };
    }
  });
}

/** What people may see of a text, and why it is no value of the setting. */
function shown(
  setting: Setting<string | number>,
  text: string,
): Pick<SettingState, "value" | "problem"> {
  try {
    const value = setting.parse(text);
    return { value: typeof value === "number" ? value : setting.show(text), problem: null };
  } catch (error) {
    return { value: setting.show(text), problem: messageOf(error) };
  }
}

/**
 * Reads every setting there is, needed or not, so that a mistake is found at the start.
 *
 * @throws CliError for the first that cannot be read
 */
export function requireReadable(flags: SettingFlags, environment: Environment = process.env): void {
  for (const name of names()) {
    const setting: Setting<unknown> = SETTINGS[name];
    readSetting(setting, flags[name], environment);
  }
}

/** The `COUPONLIVE_*` variables that are no setting: a slip of the pen, or another program's. */
export function unknownVariables(environment: Environment = process.env): string[] {
  const known = knownVariables();
  return Object.keys(environment).filter(
    (name) => name.startsWith(VARIABLE_PREFIX) && !known.includes(name),
  );
}

/** The variable of every setting. */
export function knownVariables(): string[] {
  return names().map((name) => SETTINGS[name].variable);
}

/** From here on, `fetch` of this process takes every server's certificate unseen (Bun reads this). */
export function acceptAnyCertificate(): void {
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
}

/** The flags as the variables that a child process reads in their place. */
export function flagVariables(flags: SettingFlags): Record<string, string> {
  const given = names().flatMap((name) => {
    const text = flags[name];
    return text === undefined ? [] : [[SETTINGS[name].variable, text] as const];
  });
  return Object.fromEntries(given);
}

/** The environment of a child process that serves with these settings. */
export function childEnvironment(
  settings: {
    readonly database: DatabaseConfig;
    readonly tokens: TokenConfig;
    readonly redisUrl?: string;
    readonly tls?: TlsFiles | undefined;
    /** The parent's own flags (flagVariables), for all the other settings. */
    readonly variables?: Environment;
  },
  environment: Environment = process.env,
): Record<string, string | undefined> {
  return {
    ...environment,
    // The parent has told of them.
    ...Object.fromEntries(unknownVariables(environment).map((name) => [name, undefined])),
    ...settings.variables,
    COUPONLIVE_DB: settings.database.db,
    COUPONLIVE_DB_TOKEN: settings.database.dbToken,
    COUPONLIVE_REDIS: settings.redisUrl,
    COUPONLIVE_JWT_SECRET: settings.tokens.secret,
    COUPONLIVE_JWT_PREVIOUS_SECRET: settings.tokens.previousSecret,
    COUPONLIVE_JWT_ISSUER: settings.tokens.issuer,
    COUPONLIVE_JWT_AUDIENCE: settings.tokens.audience,
    COUPONLIVE_TLS_CERT: settings.tls?.certFile,
    COUPONLIVE_TLS_KEY: settings.tls?.keyFile,
    // The parent serves the metrics of its children.
    COUPONLIVE_METRICS_PORT: undefined,
  };
}

function names(): SettingName[] {
  const isName = (key: string): key is SettingName => key in SETTINGS;
  return Object.keys(SETTINGS).filter(isName);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function randomSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(MIN_SECRET_BYTES))).toString(
    "base64url",
  );
}
