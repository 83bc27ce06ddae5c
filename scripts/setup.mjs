/**
 * Sets up what a fresh machine lacks, silently: the packages, Bun among them, and for the tests
 * redis-server and Chromium.
 * Runs on Node.js 20 or on Bun, before any package is there. docs/decisions/set-up.md says why so.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runChild } from "./child.mjs";

/** The checkout. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const NODE_MODULES = join(ROOT, "node_modules");
const LOCK_FILE = join(ROOT, "package-lock.json");
/** What npm writes at the end of an install: the packages that are really there. */
const NPM_RECORD = join(NODE_MODULES, ".package-lock.json");
/** What we write after `bun install`, which leaves no such record: the lock file's hash. */
const BUN_RECORD = join(NODE_MODULES, ".couponlive-lock-hash");
const PINNED_BUN = join(NODE_MODULES, "bun", "bin", "bun.exe"); // its name on every system

/** Held by the one process that installs. */
const INSTALL_LOCK = join(ROOT, ".couponlive", "install.lock");
const INSTALL_LIMIT_MS = 10 * 60_000;
/** No install, cut off at its limit, holds the lock as long as this. */
const INSTALL_LOCK_LIMIT_MS = INSTALL_LIMIT_MS + 60_000;
const INSTALL_LOCK_POLL_MS = 200;
/** What a Chromium may be called; the HTML report's test looks for the same. */
const CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome"];
/** How much of a failed installer's output is shown. */
const MAX_REPORTED_LINES = 10;

/** Something the user has to put right; the message says what. */
export class SetupError extends Error {}

/** A signal came while an installation ran, which has ended by now. */
export class Interrupted extends Error {
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/** One short line of progress. Standard output belongs to the program. */
export function say(line) {
  process.stderr.write(`couponlive: ${line}\n`);
}

/**
 * Installs the packages where they are missing or not those of package-lock.json.
 *
 * @returns the path of a Bun of exactly the version that package.json names.
 */
export async function ensureBun() {
  if (!packagesMatch()) {
    await withInstallLock(async () => {
      if (!packagesMatch()) await installPackages();
    });
  }
  const version = readJson(join(ROOT, "package.json")).devDependencies.bun;
  const answers = (bun) => ask(bun, "--version").stdout?.trim() === version;
  if (answers(PINNED_BUN)) return PINNED_BUN;

  // The package holds a placeholder until its install script has put the real one there.
  await withInstallLock(() => {
    if (!answers(PINNED_BUN)) ask(process.execPath, join("node_modules", "bun", "install.js"));
  });
  if (answers(PINNED_BUN)) return PINNED_BUN;
  const ownBun = findOnPath("bun");
  if (ownBun !== undefined && answers(ownBun)) return ownBun;
  throw new SetupError(
    `the Bun ${version} of the npm package does not run on this machine: put a Bun ${version} on the PATH (https://bun.com/docs/installation)`,
  );
}

/** Whether node_modules holds what package-lock.json names. */
function packagesMatch() {
  const installed = readJson(NPM_RECORD)?.packages;
  if (installed === undefined) return readText(BUN_RECORD) === lockFileHash();
  const { "": _root, ...wanted } = readJson(LOCK_FILE).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    const present = installed[path];
    if (present === undefined) return entry.optional === true || entry.devOptional === true;
    return present.version === entry.version;
  });
}

async function installPackages() {
  say("setting up the packages, once (about 20 s) …");
  // A set-up that was broken off may have left half a package behind.
  rmSync(NODE_MODULES, { recursive: true, force: true });
  const npm = process.versions.bun === undefined ? findOnPath("npm") : undefined;
  const bun = process.versions.bun === undefined ? findOnPath("bun") : process.execPath;
  if (npm !== undefined) {
    await installBy("npm install", npm, [
      ...["install", "--no-save", "--ignore-scripts", "--include=dev", "--include=optional"],
      ...["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
      // npm's own patience without a network is ten minutes.
      ...["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"],
    ]);
  } else if (bun !== undefined) {
    await installBy("bun install", bun, ["install", "--no-save", "--ignore-scripts"]);
    writeFileSync(BUN_RECORD, lockFileHash());
  } else {
    throw new SetupError("npm is missing: install it (it comes with Node.js), or Bun");
  }
}

/** Installs redis-server from Debian's packages where it is not on the PATH. */
export async function ensureRedis() {
  if (findOnPath("redis-server") !== undefined) return;
  const tried = await installSystemPackage("redis-server");
  if (findOnPath("redis-server") !== undefined) return;
  throw new SetupError(
    `redis-server is not on the PATH and ${tried ? "apt-get could not install it" : "cannot be installed from here"}: ` +
      "install Redis 7 yourself (Debian, Ubuntu: sudo apt-get install redis-server · macOS: brew install redis) and run npm test again",
  );
}

/**
 * Installs Chromium likewise, in which a test looks at the HTML report. Without one that test is
 * skipped, so nothing fails here.
 */
export async function ensureChromium() {
  const isThere = () => CHROMIUM_NAMES.some((name) => findOnPath(name) !== undefined);
  if (isThere()) return;
  await installSystemPackage("chromium");
  if (!isThere()) say("no Chromium on the PATH: the HTML report is not looked at in a browser");
}

/**
 * Installs one of Debian's packages, where that can be done without asking for a password.
 *
 * @returns whether it was tried
 */
async function installSystemPackage(name) {
  const isRoot = process.getuid?.() === 0;
  const canInstall =
    findOnPath("apt-get") !== undefined && (isRoot || ask("sudo", "-n", "true").status === 0);
  if (!canInstall) return false;
  say(`installing ${name} from the system's packages, once …`);
  const asRoot = isRoot ? [] : ["sudo", "-n"];
  const aptGet = async (...args) => {
    const options = ["-q", "-y", "-o", "DPkg::Lock::Timeout=120"];
    const [command, ...rest] = [...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
    return (await install(command, [...rest, ...options, ...args])).outcome === 0;
  };
  const installPackage = () => aptGet("install", "--no-install-recommends", name);
  // A fresh machine may know no packages yet.
  if (!(await installPackage()) && (await aptGet("update"))) await installPackage();
  return true;
}

/**
 * Does `work` while no other bootstrap of this checkout installs. A lock whose holder has died, or
 * that is older than any install may take, is taken over.
 */
async function withInstallLock(work) {
  mkdirSync(dirname(INSTALL_LOCK), { recursive: true });
  while (!takeInstallLock()) {
    if (installLockIsStale()) rmSync(INSTALL_LOCK, { force: true });
    else await sleep(INSTALL_LOCK_POLL_MS);
  }
  try {
    await work();
  } finally {
    rmSync(INSTALL_LOCK, { force: true });
  }
}

function takeInstallLock() {
  try {
    writeFileSync(INSTALL_LOCK, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function installLockIsStale() {
  const takenAtMs = statSync(INSTALL_LOCK, { throwIfNoEntry: false })?.mtimeMs;
  if (takenAtMs === undefined) return false; // just given back
  if (Date.now() - takenAtMs > INSTALL_LOCK_LIMIT_MS) return true;
  const holder = Number(readText(INSTALL_LOCK));
  if (!(holder > 0)) return false; // just taken, its holder not yet written
  try {
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** The first executable of that name on the PATH, those of node_modules left aside. */
function findOnPath(name) {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(directory, name);
    if (directory === "" || path.startsWith(NODE_MODULES)) continue;
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** Runs a short command and returns what it says; one that cannot be started has no status. */
function ask(command, ...args) {
  return spawnSync(command, args, { cwd: ROOT, encoding: "utf8" });
}

/** Runs a long command in silence. */
async function install(command, args, options = {}) {
  const result = await runChild(command, args, {
    cwd: ROOT,
    env: installEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: INSTALL_LIMIT_MS,
    ...options,
  });
  if (result.interruptedBy !== undefined) throw new Interrupted(result.interruptedBy);
  return result;
}

async function installBy(what, command, args) {
  // What a killed install leaves is removed by the next; npm itself would go on for a while.
  const { outcome, output } = await install(command, args, { expendable: true });
  if (outcome === 0) return;
  // npm's error without its stack and the dump of an object.
  const isNoise = (line) => /^(npm error)?\s*$|^npm error( {2,}| })/.test(line);
  const lines = output.split("\n").filter((line) => !isNoise(line));
  if (lines.length > MAX_REPORTED_LINES) lines.splice(MAX_REPORTED_LINES, Infinity, "…");
  throw new SetupError(
    `${what} failed (${outcome}); is the package registry reachable? It said:\n  ${lines.join("\n  ")}`,
  );
}

/** `npm --prefix <checkout> run …` makes npm look for the machine's settings in the checkout. */
function installEnvironment() {
  const { npm_config_prefix: prefix, npm_config_globalconfig: _, ...others } = process.env;
  return prefix === ROOT ? others : process.env;
}

function lockFileHash() {
  return createHash("sha256").update(readFileSync(LOCK_FILE)).digest("hex");
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function readJson(path) {
  const text = readText(path);
  return text === undefined ? undefined : JSON.parse(text);
}
