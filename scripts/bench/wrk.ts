/** Runs wrk or wrk2 with requests as long as a claim's, for comparison. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A token as long as a member's. */
const TOKEN_LENGTH = 260;
const SCRIPT = `
wrk.method = "POST"
wrk.headers["authorization"] = "Bearer ${"x".repeat(TOKEN_LENGTH)}"
wrk.headers["content-length"] = "0"
`;

export interface PeerLoad {
  readonly url: URL;
  readonly seconds: number;
  readonly connections: number;
  /** For wrk2; wrk knows no rate. */
  readonly ratePerSecond: number | undefined;
}

export interface PeerFigures {
  readonly requestsPerSecond: number;
  /** User and system time per request. */
  readonly cpuUs: number;
}

/** Undefined when there is no such program. One thread, as the generator has. */
export function measureWrk(binary: string, load: PeerLoad): PeerFigures | undefined {
  if (Bun.which(binary) === null) return undefined;
  const directory = mkdtempSync(join(tmpdir(), "couponlive-bench-"));
  try {
    const script = join(directory, "claim.lua");
    writeFileSync(script, SCRIPT);
    const rate = load.ratePerSecond === undefined ? [] : ["-R", String(load.ratePerSecond)];
    const target = new URL("/v1/events/bench/claims", load.url).href;
    const settings = ["-t1", `-c${load.connections}`, `-d${load.seconds}`, ...rate, "-s", script];
    // `times` of the shell tells its children's CPU: bash prints theirs in the second line.
    const shell = '"$@"; times';
    const { stdout, status } = spawnSync(
      "bash",
      ["-c", shell, "bash", binary, ...settings, target],
      {
        encoding: "utf8",
      },
    );
    return status === 0 ? readFigures(stdout) : undefined;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readFigures(output: string): PeerFigures | undefined {
  const requests = /(\d+) requests in/.exec(output)?.[1];
  const perSecond = /Requests\/sec: +([\d.]+)/.exec(output)?.[1];
  const [user, system] = (output.trimEnd().split("\n").at(-1) ?? "").split(" ").map(readCpuSeconds);
  if (requests === undefined || user === undefined || system === undefined) return undefined;
  return {
    requestsPerSecond: Number(perSecond),
    cpuUs: ((user + system) * 1_000_000) / Number(requests),
  };
}

/** Reads «1m2.345s». */
function readCpuSeconds(text: string): number | undefined {
  const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(text) ?? [];
  return minutes === undefined ? undefined : Number(minutes) * 60 + Number(seconds);
}
