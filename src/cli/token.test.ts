import { describe, expect, test } from "bun:test";
import { chmod, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ProgramResult, runProgram } from "../../test/support/program.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { readTokenConfig } from "../config.ts";
import { createTokenVerifier } from "../server/members/token-verifier.ts";
import { createTokenKeys } from "../server/members/tokens.ts";

const env = { COUPONLIVE_JWT_SECRET: "the secret of these tests, of 32 bytes or more" };
const verify = createTokenVerifier(createTokenKeys(readTokenConfig({}, env)));

function token(...args: readonly string[]): Promise<ProgramResult> {
  return runProgram(["token", ...args], { env });
}

/** For how long from now the token is valid, in whole minutes rounded up; undefined for not at all. */
function validMinutes(text: string): number | undefined {
  const identity = verify(text, Date.now());
  return identity && Math.ceil((identity.expiresAtMs - Date.now()) / 60_000);
}

describe("token issue", () => {
  test("prints a member's token and nothing else, valid for an hour", async () => {
    const { exitCode, stdout, stderr } = await token("issue", "--user", "회원 1");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(verify(stdout.trimEnd(), Date.now())).toMatchObject({
      memberId: "회원 1",
      role: "member",
    });
    expect(stdout).toBe(`${stdout.trimEnd()}\n`);
    expect(validMinutes(stdout.trimEnd())).toBe(60);
  });

  test("takes a role and a time to live", async () => {
    const { stdout } = await token("issue", "--user", "kim", "--role", "admin", "--ttl", "15m");
    expect(verify(stdout.trimEnd(), Date.now())).toMatchObject({ memberId: "kim", role: "admin" });
    expect(validMinutes(stdout.trimEnd())).toBe(15);
  });

  test.each([
    [["--user", ""], "id must have 1 to 128"],
    [["--user", "kim", "--role", "owner"], "--role"],
    [["--user", "kim", "--ttl", "soon"], "from 1ms to 3660d"],
    [["--user", "kim", "--ttl", "1500ms"], "whole seconds"],
    [[], "--user"],
  ])("refuses %j", async (args, complaint) => {
    const { exitCode, stdout, stderr } = await token("issue", ...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(complaint);
  });

  test("says how to set a secret when there is none", async () => {
    const { exitCode, stderr } = await runProgram(["token", "issue", "--user", "kim"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("COUPONLIVE_JWT_SECRET is not set");
  });
});

describe("token seed", () => {
  test("writes the seeded members' tokens in order, to a file for its owner only", async () => {
    using folder = temporaryDirectory();
    const out = join(folder.path, "tokens.txt");
    const { exitCode, stdout, stderr } = await token("seed", "--count", "4001", "--out", out);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toMatch(/^4,001 tokens written in \d+\.\d s \([\d,]+\/s\)\n$/);
    expect((await stat(out)).mode & 0o777).toBe(0o600);

    const text = await Bun.file(out).text();
    expect(text).toEndWith("\n");
    const tokens = text.trimEnd().split("\n");
    const members = tokens.map((line) => verify(line, Date.now())?.memberId);
    expect(members).toEqual(
      Array.from({ length: 4_001 }, (_, i) => `member-${String(i + 1).padStart(7, "0")}`),
    );
    expect(validMinutes(tokens[0] ?? "")).toBe(24 * 60);
  });

  test("writes to stdout for -, and only the summary to stderr", async () => {
    const { stdout, stderr } = await token("seed", "--count", "3", "--out", "-", "--ttl", "2m");
    const tokens = stdout.trimEnd().split("\n");
    expect(tokens.map(validMinutes)).toEqual([2, 2, 2]);
    expect(stderr).toStartWith("3 tokens written");
  });

  test("overwrites a file only with --force, and closes it to others then", async () => {
    using folder = temporaryDirectory();
    const out = join(folder.path, "tokens.txt");
    await writeFile(out, "precious\n");
    await chmod(out, 0o644);
    const refused = await token("seed", "--count", "1", "--out", out);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("--force");
    expect(await Bun.file(out).text()).toBe("precious\n");

    const forced = await token("seed", "--count", "1", "--out", out, "--force");
    expect(forced.exitCode).toBe(0);
    expect(validMinutes((await Bun.file(out).text()).trimEnd())).toBe(24 * 60);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
  });

  test("leaves no file behind when there is no secret", async () => {
    using folder = temporaryDirectory();
    const out = join(folder.path, "tokens.txt");
    const { exitCode } = await runProgram(["token", "seed", "--count", "1", "--out", out]);
    expect(exitCode).toBe(2);
    expect(await Bun.file(out).exists()).toBe(false);
  });

  test.each(["0", "-1", "1.5", "many"])("refuses a count of %s", async (count) => {
    const { exitCode, stderr } = await token("seed", "--count", count, "--out", "-");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--count");
  });
});
