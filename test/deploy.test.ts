/** What is in deploy/, as far as a machine without Docker can check it. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { SETTINGS } from "../src/settings.ts";
import { temporaryDirectory } from "./support/temp.ts";

const ROOT = join(import.meta.dir, "..");
/** The first systemd that can judge a unit which is not installed. */
const SYSTEMD_WITH_OFFLINE = 250;
/** systemd's own measure, from 0 (safe) to 10; ours is 1.5. */
const MAX_EXPOSURE = 2;

const composeSchema = z.object({
  services: z.object({
    couponlive: z.looseObject({ build: z.object({ dockerfile: z.string() }) }),
    redis: z.looseObject({ command: z.array(z.string()) }),
  }),
});

/** 0 where there is none. */
function systemdVersion(): number {
  if (Bun.which("systemd-analyze") === null) return 0;
  const { stdout } = Bun.spawnSync(["systemd-analyze", "--version"]);
  return Number(/^systemd (\d+)/.exec(stdout.toString())?.[1] ?? 0);
}

function read(path: string): Promise<string> {
  return Bun.file(join(ROOT, path)).text();
}

test("compose.yaml runs Redis so that it loses nothing it has answered", async () => {
  const { services } = composeSchema.parse(Bun.YAML.parse(await read("deploy/compose.yaml")));
  expect(services.redis.command.join(" ")).toContain("--appendonly yes --appendfsync always");
  expect(services.redis.command.join(" ")).toContain("--maxmemory-policy noeviction");
  expect(existsSync(join(ROOT, services.couponlive.build.dockerfile))).toBe(true);
});

test("every COUPONLIVE_* variable in deploy/ is a setting", async () => {
  const known = Object.values(SETTINGS).map(({ variable }): string => variable);
  for (const file of [
    "Dockerfile",
    "compose.yaml",
    "couponlive.service",
    "couponlive.env.example",
  ]) {
    const named = (await read(`deploy/${file}`)).match(/\bCOUPONLIVE_[A-Z_]+/g) ?? [];
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  }
});

test("the image's build is given all that it reads, and no more", async () => {
  const rules = (await read(".dockerignore")).split("\n").filter((line) => line.startsWith("!"));
  expect(rules.map((rule) => rule.slice(1)).toSorted()).toEqual([
    "bunfig.toml",
    "package-lock.json",
    "package.json",
    "schema",
    "scripts",
    "src",
    "tsconfig.json",
  ]);
});

test.skipIf(systemdVersion() < SYSTEMD_WITH_OFFLINE)(
  "systemd takes the unit, and finds it closed",
  async () => {
    using folder = temporaryDirectory();
    const unit = join(folder.path, "couponlive.service");
    // It wants the program to be there.
    const text = (await read("deploy/couponlive.service")).replaceAll(
      "/usr/local/bin/couponlive",
      process.execPath,
    );
    await Bun.write(unit, text);
    const verified = Bun.spawnSync(["systemd-analyze", "verify", unit]);
    expect(verified.stderr.toString()).not.toContain(unit);
    expect(verified.exitCode).toBe(0);
    const secure = Bun.spawnSync([
      ...["systemd-analyze", "security", "--offline=true", "--no-pager"],
      ...[`--threshold=${MAX_EXPOSURE * 10}`, unit],
    ]);
    expect(secure.exitCode, secure.stderr.toString()).toBe(0);
  },
);
