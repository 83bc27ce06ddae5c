/** `couponlive config`, and what every command makes of variables that are no setting. */
import { expect, test } from "bun:test";
import { z } from "zod";
import { runProgram } from "../../test/support/program.ts";
import { EXIT } from "../exit-codes.ts";

const statesSchema = z.array(
  z.looseObject({ name: z.string(), value: z.unknown(), source: z.string() }),
);
const SECRET = "a secret that must not be seen anywhere";

test("prints every setting with its value and where it came from, secrets masked", async () => {
  const { exitCode, stdout } = await runProgram(["config", "--port", "81", "--json"], {
    env: {
      COUPONLIVE_PORT: "80",
      COUPONLIVE_HOST: "::1",
      COUPONLIVE_JWT_SECRET: SECRET,
      COUPONLIVE_REDIS: "redis://user:hidden@127.0.0.1:6379",
    },
  });
  expect(exitCode).toBe(EXIT.ok);
  const states = statesSchema.parse(JSON.parse(stdout));
  const state = (name: string) => states.find((each) => each.name === name);
  expect(state("port")).toMatchObject({ value: 81, source: "flag", flag: "--port" });
  expect(state("host")).toMatchObject({ value: "::1", source: "variable" });
  expect(state("db")).toMatchObject({ value: "couponlive.db", source: "default" });
  expect(state("redis")).toMatchObject({ value: "redis://***@127.0.0.1:6379" });
  expect(state("jwtSecret")).toMatchObject({ value: "***, 39 bytes", source: "variable" });
  expect(stdout).not.toContain("hidden");
  expect(stdout).not.toContain(SECRET);
});

test("prints what is wrong too, and exits with usage", async () => {
  const { exitCode, stdout, stderr } = await runProgram(["config", "--workers", "0"], {
    env: { COUPONLIVE_PORT: "http" },
  });
  expect(exitCode).toBe(EXIT.usage);
  expect(stdout).toMatch(/COUPONLIVE_PORT +http +variable +cannot be used/);
  expect(stdout).toMatch(/COUPONLIVE_WORKERS +0 +flag --workers +cannot be used/);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toContain("COUPONLIVE_PORT");
  expect(stderr).toContain("COUPONLIVE_WORKERS");
});

test.each([
  ["COUPONLIVE_REDSI", "COUPONLIVE_REDIS"],
  ["COUPONLIVE_JWT_SECRETS", "COUPONLIVE_JWT_SECRET"],
  ["COUPONLIVE_PROT", "COUPONLIVE_PORT"],
])("%s is refused, and %s named", async (name, meant) => {
  const result = await runProgram(["event", "list"], { env: { [name]: "x" } });
  expect(result).toMatchObject({ exitCode: EXIT.usage, stdout: "" });
  expect(result.stderr).toBe(
    `couponlive: ${name} is not a setting, did you mean ${meant}? (couponlive config lists them)\n`,
  );
});

test("a variable that looks like no setting is warned of", async () => {
  const result = await runProgram(["config"], { env: { COUPONLIVE_SERVICE_HOST: "10.0.0.1" } });
  expect(result.exitCode).toBe(EXIT.ok);
  expect(result.stderr).toBe(
    "couponlive: warning: the variable COUPONLIVE_SERVICE_HOST is not a setting (couponlive config lists them)\n",
  );
});
