import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Option } from "commander";
import {
  childEnvironment,
  DEFAULTS,
  flagVariables,
  namesDatabase,
  readDatabaseConfig,
  readRedisUrl,
  readServeConfig,
  readTokenConfig,
  requireReadable,
} from "./config.ts";
import { SETTINGS, type Setting } from "./settings.ts";

/** Every variable that a script has left empty. */
const EMPTY = Object.fromEntries(
  ["DB", "DB_TOKEN", "REDIS", "HOST", "PORT", "WORKERS", "TLS_CERT", "TLS_KEY", "CORS_ORIGINS"].map(
    (name) => [`COUPONLIVE_${name}`, ""],
  ),
);

test("a flag wins over its variable, which wins over the default", () => {
  const environment = { COUPONLIVE_DB: "variable.db", COUPONLIVE_PORT: "81" };
  expect(readDatabaseConfig({ db: "flag.db" }, environment).db).toBe("flag.db");
  expect(readDatabaseConfig({}, environment).db).toBe("variable.db");
  expect(readDatabaseConfig({}, {}).db).toBe(DEFAULTS.db);
  expect(readServeConfig({ port: "82" }, environment).port).toBe(82);
  expect(readServeConfig({}, environment).port).toBe(81);
});

test("an empty variable counts as not set", () => {
  expect(readDatabaseConfig({}, EMPTY)).toEqual({ db: DEFAULTS.db, dbToken: undefined });
  expect(namesDatabase({}, EMPTY)).toBe(false);
  expect(readRedisUrl({}, EMPTY)).toBeUndefined();
  expect(readServeConfig({}, EMPTY)).toEqual(readServeConfig({}, {}));
});

describe("an empty flag is refused, also where the variable is set", () => {
  test.each([
    ["--db", () => readDatabaseConfig({ db: "" }, { COUPONLIVE_DB: "x.db" })],
    ["--db", () => namesDatabase({ db: "" }, {})],
    ["--redis", () => readRedisUrl({ redis: "" }, {})],
    ["--host", () => readServeConfig({ host: "" }, {})],
    ["--port", () => readServeConfig({ port: "" }, {})],
    ["--workers", () => readServeConfig({ workers: "" }, {})],
    ["--tls-cert", () => readServeConfig({ tlsCert: "", tlsKey: "k" }, {})],
    ["--tls-key", () => readServeConfig({ tlsCert: "c", tlsKey: "" }, {})],
  ])("%s", (name, read) => {
    expect(read).toThrow(`${name} is given empty: give it a value, or leave it out`);
  });
});

describe("origins whose pages may call", () => {
  const read = (text: string) => readServeConfig({ corsOrigin: text }, {}).corsOrigins;

  test("none by default, several by commas", () => {
    expect(readServeConfig({}, {}).corsOrigins).toEqual([]);
    expect(read("https://shop.example, http://localhost:3000")).toEqual([
      "https://shop.example",
      "http://localhost:3000",
    ]);
  });

  test.each([
    ...["*", "null", "shop.example", "https://*.shop.example", "https://shop.example/"],
    ...["https://shop.example/sale", "https://Shop.example", "https://shop.example:443"],
    ...["https://shop.example,", "ftp://shop.example", "https://user@shop.example"],
  ])("%s is none", (text) => {
    expect(() => read(text)).toThrow("(--cors-origin, COUPONLIVE_CORS_ORIGINS) is written");
  });
});

test("a setting that cannot be read is named, whichever it is", () => {
  expect(() => requireReadable({}, { COUPONLIVE_WORKERS: "many" })).toThrow(
    'the number of web processes (--workers, COUPONLIVE_WORKERS) must be a whole number from 1 to 256, not "many"',
  );
  expect(() => requireReadable({ redis: "localhost" }, {})).toThrow(
    "the Redis URL must look like redis://host:6379 (--redis, COUPONLIVE_REDIS)",
  );
  expect(() => requireReadable({}, EMPTY)).not.toThrow();
});

test("a setting's flag is its name, as commander makes one of the other", () => {
  for (const [name, { flag }] of Object.entries(SETTINGS)) {
    if (flag !== undefined) expect(new Option(flag).attributeName()).toBe(name);
  }
});

test("a child reads a parent's flags as variables, and none that is no setting", () => {
  const { secret, ...rest } = readTokenConfig({ development: true }, {});
  const environment = childEnvironment(
    {
      database: { db: "a.db", dbToken: undefined },
      tokens: { secret, ...rest },
      variables: flagVariables({ host: "::1", port: "81" }),
    },
    { COUPONLIVE_HOST: "0.0.0.0", COUPONLIVE_REDSI: "x", PATH: "/bin" },
  );
  expect(environment).toMatchObject({
    COUPONLIVE_HOST: "::1",
    COUPONLIVE_PORT: "81",
    COUPONLIVE_DB: "a.db",
    COUPONLIVE_JWT_SECRET: secret,
    PATH: "/bin",
  });
  expect(environment["COUPONLIVE_REDSI"]).toBeUndefined();
});

test("docs/configuration.md has a row for every setting, as the table declares it", async () => {
  const page = await Bun.file(join(import.meta.dir, "..", "docs", "configuration.md")).text();
  const rows = Object.values<Setting<string | number>>(SETTINGS).map((setting) => {
    const flag = setting.flag === undefined ? "" : `\`${setting.flag}\``;
    const standard = setting.default === undefined ? "" : `\`${setting.default}\``;
    return `| \`${setting.variable}\` | ${flag} | ${standard} | ${setting.description} |`;
  });
  // What the test prints when it fails is what belongs there.
  expect(page.split("\n").filter((line) => line.startsWith("| `COUPONLIVE_"))).toEqual(rows);
});
