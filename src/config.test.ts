import { describe, expect, test } from "bun:test";
import {
  DEFAULTS,
  namesDatabase,
  readDatabaseConfig,
  readRedisUrl,
  readServeConfig,
} from "./config.ts";

/** Every variable that a script has left empty. */
const EMPTY = Object.fromEntries(
  ["DB", "DB_TOKEN", "REDIS", "HOST", "PORT", "WORKERS", "TLS_CERT", "TLS_KEY"].map((name) => [
    `COUPONLIVE_${name}`,
    "",
  ]),
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
