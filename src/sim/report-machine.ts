/** Where a run's figures were made, and by what command: they mean nothing without. */
import { cpus, release, totalmem, type } from "node:os";
import packageJson from "../../package.json" with { type: "json" };
import { withoutSecrets } from "../masking.ts";

/** The generator's machine; it is the server's too, where the run has started that one. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly bun: string;
}

export const COUPONLIVE_VERSION: string = packageJson.version;

export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    bun: Bun.version,
  };
}

/** Characters that no shell takes for anything but themselves. */
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/**
 * The command line as one may paste it into a shell, without the secrets that URLs in it carry:
 * a report is passed on.
 */
export function commandLine(args: readonly string[]): string {
  return ["couponlive", ...args.map(withoutSecrets).map(quoted)].join(" ");
}

function quoted(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
