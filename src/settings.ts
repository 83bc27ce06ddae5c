/**
 * Every setting of couponlive, declared once. From this table come the flags of `serve`, the readers
 * of `config.ts`, `couponlive config`, and the check of docs/configuration.md.
 *
 * To add one: an entry here, its row in docs/configuration.md (the test prints it), and
 * `readSetting(SETTINGS.itsName, flags)` where it is used. Its key is its flag in camel case.
 */
import { readAddressRanges } from "./address-ranges.ts";
import { CliError } from "./exit-codes.ts";
import { withoutSecrets } from "./masking.ts";

/** HS256 keys shorter than its 256-bit output weaken it (RFC 7518, section 3.2). */
export const MIN_SECRET_BYTES = 32;

/** More web processes than this on one machine is a slip of the finger. */
const MAX_WORKERS = 256;

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export const LOG_FORMATS = ["json", "pretty"] as const;

export interface Setting<Value, Default extends Value | undefined = Value | undefined> {
  /** `--port <port>`, as commander wants it; undefined for what only the environment may tell. */
  readonly flag: string | undefined;
  readonly variable: string;
  readonly default: Default;
  /** One line, as `--help` and the documentation have it. */
  readonly description: string;
  /** The value of a text that is not empty. @throws CliError that names the setting */
  parse(text: string): Value;
  /** A text as people may see it: without secrets. */
  show(text: string): string;
}

interface Entry<Default> {
  readonly flag?: string;
  readonly variable: string;
  readonly default: Default;
  readonly description: string;
}

export const SETTINGS = {
  db: text({
    flag: "--db <path-or-url>",
    variable: "COUPONLIVE_DB",
    default: "couponlive.db",
    description: "SQL database: a file, or the URL of a libSQL server",
  }),
  dbToken: secret({
    variable: "COUPONLIVE_DB_TOKEN",
    default: undefined,
    description: "token for the libSQL server",
  }),
  redis: redisUrl({
    flag: "--redis <url>",
    variable: "COUPONLIVE_REDIS",
    default: undefined,
    description: "decide claims in this Redis; without it, on the embedded engine",
  }),
  host: text({
    flag: "--host <host>",
    variable: "COUPONLIVE_HOST",
    default: "127.0.0.1",
    description: "address to listen on",
  }),
  port: wholeNumber("the port", 0, 65_535, {
    flag: "--port <port>",
    variable: "COUPONLIVE_PORT",
    default: 8080,
    description: "port to listen on, 0 for any free one",
  }),
  workers: wholeNumber("the number of web processes", 1, MAX_WORKERS, {
    flag: "--workers <n>",
    variable: "COUPONLIVE_WORKERS",
    default: 1,
    description: "web processes, with --redis",
  }),
  tlsCert: text({
    flag: "--tls-cert <file>",
    variable: "COUPONLIVE_TLS_CERT",
    default: undefined,
    description: "serve HTTPS with this certificate and its chain (PEM)",
  }),
  tlsKey: text({
    flag: "--tls-key <file>",
    variable: "COUPONLIVE_TLS_KEY",
    default: undefined,
    description: "the certificate's key (PEM)",
  }),
  metricsPort: wholeNumber("the port of metrics", 0, 65_535, {
    flag: "--metrics-port <port>",
    variable: "COUPONLIVE_METRICS_PORT",
    default: undefined,
    description: "serve /metrics for Prometheus on this port; without it, not at all",
  }),
  metricsHost: text({
    flag: "--metrics-host <host>",
    variable: "COUPONLIVE_METRICS_HOST",
    default: "127.0.0.1",
    description: "address of the metrics",
  }),
  logLevel: choice(LOG_LEVELS, {
    flag: "--log-level <level>",
    variable: "COUPONLIVE_LOG_LEVEL",
    default: "info",
    description: `what is logged: ${LOG_LEVELS.join(", ")}`,
  }),
  logFormat: choice(LOG_FORMATS, {
    flag: "--log-format <format>",
    variable: "COUPONLIVE_LOG_FORMAT",
    default: undefined,
    description: "json or pretty; without it, pretty on a terminal and else json",
  }),
  registration: choice(["on", "off"], {
    flag: "--registration <on-or-off>",
    variable: "COUPONLIVE_REGISTRATION",
    default: "off",
    description: "whether anybody may make an account",
  }),
  trustedProxy: addressRanges({
    flag: "--trusted-proxy <addresses>",
    variable: "COUPONLIVE_TRUSTED_PROXY",
    default: undefined,
    description: "proxies whose X-Forwarded-For is believed: addresses or CIDR ranges, by commas",
  }),
  jwksUrl: keysUrl({
    flag: "--jwks-url <url>",
    variable: "COUPONLIVE_JWKS_URL",
    default: undefined,
    description: "accept an identity provider's tokens too, by the keys that it publishes here",
  }),
  jwksIssuer: text({
    flag: "--jwks-issuer <issuer>",
    variable: "COUPONLIVE_JWKS_ISSUER",
    default: undefined,
    description: "the issuer (iss) that the provider's tokens must name",
  }),
  jwksAudience: text({
    flag: "--jwks-audience <audience>",
    variable: "COUPONLIVE_JWKS_AUDIENCE",
    default: undefined,
    description: "the audience (aud) that the provider's tokens must name",
  }),
  jwksAdmin: claimValue({
    flag: "--jwks-admin <claim=value>",
    variable: "COUPONLIVE_JWKS_ADMIN",
    default: undefined,
    description:
      "the claim that makes the provider's token an administrator's; without it, none is",
  }),
  corsOrigin: origins({
    flag: "--cors-origin <origins>",
    variable: "COUPONLIVE_CORS_ORIGINS",
    default: undefined,
    description: "origins whose pages may call from a browser, by commas; without it, none",
  }),
  jwtSecret: signingSecret({
    variable: "COUPONLIVE_JWT_SECRET",
    default: undefined,
    description: "the secret that signs members' tokens, at least 32 random bytes",
  }),
  jwtPreviousSecret: signingSecret({
    variable: "COUPONLIVE_JWT_PREVIOUS_SECRET",
    default: undefined,
    description: "a former secret whose tokens are still accepted, during a rotation",
  }),
  jwtIssuer: text({
    variable: "COUPONLIVE_JWT_ISSUER",
    default: "couponlive",
    description: "the issuer (iss) that tokens must name",
  }),
  jwtAudience: text({
    variable: "COUPONLIVE_JWT_AUDIENCE",
    default: "couponlive",
    description: "the audience (aud) that tokens must name",
  }),
} as const;

export type SettingName = keyof typeof SETTINGS;

/** A setting as messages call it: its flag and its variable, as far as it has both. */
export function settingLabel({ flag, variable }: Pick<Entry<unknown>, "flag" | "variable">) {
  return flag === undefined ? variable : `${flagWord(flag)}, ${variable}`;
}

/** `--port` of `--port <port>`. */
export function flagWord(flag: string): string {
  return flag.replace(/ .*/, "");
}

function text<Default extends string | undefined>(entry: Entry<Default>): Setting<string, Default> {
  return { flag: undefined, ...entry, parse: (given) => given, show: withoutSecrets };
}

function redisUrl(entry: Entry<undefined>): Setting<string, undefined> {
  const parse = (given: string): string => {
    if (/^rediss?:\/\//.test(given) && URL.canParse(given)) return given;
    throw new CliError(`the Redis URL must look like redis://host:6379 (${settingLabel(entry)})`);
  };
  return { ...text(entry), parse };
}

/** Exact ones: a pattern that lets in one page too many is easily written. */
function origins(entry: Entry<undefined>): Setting<string, undefined> {
  const parse = (given: string): string => {
    const all = given.split(",").map((origin) => origin.trim());
    const wrong = all.find(
      (origin) => !/^https?:[^*]+$/.test(origin) || URL.parse(origin)?.origin !== origin,
    );
    if (wrong === undefined) return all.join(",");
    throw new CliError(
      `an origin (${settingLabel(entry)}) is written as a browser sends it, like https://shop.example or http://localhost:3000, without a path or a star; not "${wrong}"`,
    );
  };
  return { ...text(entry), parse };
}

function choice<Choice extends string, Default extends Choice | undefined>(
  choices: readonly Choice[],
  entry: Entry<Default>,
): Setting<Choice, Default> {
  const parse = (given: string): Choice => {
    const chosen = choices.find((each) => each === given);
    if (chosen !== undefined) return chosen;
    throw new CliError(`${settingLabel(entry)} must be ${choices.join(" or ")}, not "${given}"`);
  };
  return { flag: undefined, ...entry, parse, show: (given) => given };
}

/** Keys that came over an open network could be anybody's. */
function keysUrl(entry: Entry<undefined>): Setting<string, undefined> {
  const parse = (given: string): string => {
    const url = URL.parse(given);
    const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? "");
    if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback)) return given;
    throw new CliError(
      `the keys' URL (${settingLabel(entry)}) must begin with https://, or be one of this machine`,
    );
  };
  return { ...text(entry), parse };
}

function claimValue(entry: Entry<undefined>): Setting<string, undefined> {
  const parse = (given: string): string => {
    if (/^[^=]+=.+$/.test(given)) return given;
    throw new CliError(`${settingLabel(entry)} must look like roles=coupon-admin, not "${given}"`);
  };
  return { ...text(entry), parse };
}

function addressRanges(entry: Entry<undefined>): Setting<string, undefined> {
  const parse = (given: string): string => {
    if (readAddressRanges(given) !== undefined) return given;
    throw new CliError(
      `the trusted proxies must look like 127.0.0.1,10.0.0.0/8 (${settingLabel(entry)})`,
    );
  };
  return { ...text(entry), parse };
}

function wholeNumber<Default extends number | undefined>(
  what: string,
  min: number,
  max: number,
  entry: Entry<Default>,
): Setting<number, Default> {
  const parse = (given: string): number => {
    const value = /^\d+$/.test(given) ? Number(given) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new CliError(
      `${what} (${settingLabel(entry)}) must be a whole number from ${min} to ${max}, not "${given}"`,
    );
  };
  return { flag: undefined, ...entry, parse, show: (given) => given };
}

/** Secrets have no flag, which would show in the process list. */
function secret(entry: Omit<Entry<undefined>, "flag">): Setting<string, undefined> {
  const show = (given: string) => `***, ${Buffer.byteLength(given)} bytes`;
  return { flag: undefined, ...entry, parse: (given) => given, show };
}

function signingSecret(entry: Omit<Entry<undefined>, "flag">): Setting<string, undefined> {
  const parse = (given: string): string => {
    const bytes = Buffer.byteLength(given);
    if (bytes >= MIN_SECRET_BYTES) return given;
    throw new CliError(
      `${entry.variable} is ${bytes} bytes long: HS256 needs at least ${MIN_SECRET_BYTES} random bytes, for example from \`openssl rand -base64 48\``,
    );
  };
  return { ...secret(entry), parse };
}
