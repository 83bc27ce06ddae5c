/** Which couponlive this is: `couponlive --version`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };

/** Put in place by scripts/build.ts; empty where the build did not know it. */
declare const COUPONLIVE_COMMIT: string | undefined;

const FLAGS = "-V, --version";

export interface Version {
  readonly version: string;
  /** As `git describe` tells it, `-dirty` with changes; null where nobody knows. */
  readonly commit: string | null;
  readonly bun: string;
}

/** Adds `--version`, which `--json` makes JSON. */
export function addVersionOption(program: Command): void {
  program
    .option(FLAGS, "print version, commit and Bun's version; with --json as JSON")
    .on("option:version", () => {
      const asJson = process.argv.includes("--json");
      process.stdout.write(
        `${asJson ? JSON.stringify(readVersion()) : versionText(readVersion())}\n`,
      );
      throw new CommanderError(0, "couponlive.version", "");
    });
}

function versionText({ version, commit, bun }: Version): string {
  const from = commit === null ? "" : `commit ${commit}, `;
  return `couponlive ${version} (${from}Bun ${bun})`;
}

/** The version; a checkout is asked for its commit, a binary has it built in. */
export function readVersion(): Version {
  const commit = typeof COUPONLIVE_COMMIT === "undefined" ? commitOfCheckout() : COUPONLIVE_COMMIT;
  return { version: packageJson.version, commit: commit === "" ? null : commit, bun: Bun.version };
}

function commitOfCheckout(): string {
  const root = join(import.meta.dir, "..");
  // Without this, a copy inside of another project would tell that one's commit.
  if (!existsSync(join(root, ".git")) || Bun.which("git") === null) return "";
  const command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"];
  const { exitCode, stdout } = Bun.spawnSync(command, { cwd: root });
  return exitCode === 0 ? stdout.toString().trim() : "";
}
