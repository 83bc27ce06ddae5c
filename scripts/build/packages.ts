/** Finds the packages of a target: those installed, or else the ones that package-lock.json names. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import packageLock from "../../package-lock.json" with { type: "json" };

const ROOT = join(import.meta.dir, "..", "..");
/** Packages of other machines, kept from build to build. */
const CACHE = join(ROOT, ".couponlive", "packages");
const DOWNLOAD_LIMIT_MS = 5 * 60_000;
/** How much of a failed command, and of what it says, is shown. */
const COMMAND_WORDS = 3;
const MAX_REPORTED_LINES = 4;

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
}

const locked = new Map<string, LockedPackage>(Object.entries(packageLock.packages));

/**
 * The folder of the package, of the version that package-lock.json names. One for another machine
 * than this is downloaded by `npm pack` and held to the lock file's hash.
 *
 * @throws Error that says what is missing and why
 */
export function packageFolder(name: string): string {
  const installed = join(ROOT, "node_modules", name);
  if (existsSync(join(installed, "package.json"))) return installed;
  const entry = locked.get(`node_modules/${name}`);
  if (entry?.version === undefined || entry.integrity === undefined) {
    throw new Error(`package-lock.json does not name ${name}, so it cannot be checked`);
  }
  const folder = join(CACHE, `${name.replace("/", "+")}@${entry.version}`);
  if (!existsSync(folder)) download(`${name}@${entry.version}`, entry.integrity, folder);
  return folder;
}

function download(specifier: string, integrity: string, folder: string): void {
  const work = `${folder}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const packed = run(["npm", "pack", specifier, "--loglevel=error", "--pack-destination", work]);
    const archive = join(work, packed.trim().split("\n").at(-1) ?? "");
    const [algorithm = "", expected] = integrity.split(/-(.*)/s);
    if (algorithm !== "sha512" || sha512(archive) !== expected) {
      throw new Error(`${specifier} is not what package-lock.json names: its hash differs`);
    }
    run(["tar", "-xzf", archive, "-C", work]);
    renameSync(join(work, "package"), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function sha512(file: string): string {
  return new Bun.CryptoHasher("sha512").update(readFileSync(file)).digest("base64");
}

function run(command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    cwd: ROOT,
    timeout: DOWNLOAD_LIMIT_MS,
  });
  if (exitCode === 0) return stdout.toString();
  const why = stderr.toString().trim().split("\n").slice(0, MAX_REPORTED_LINES).join("; ");
  throw new Error(`${command.slice(0, COMMAND_WORDS).join(" ")} failed (${why})`);
}
