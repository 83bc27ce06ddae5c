/** The CPU time of other processes, from Linux's /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** Linux counts in hundredths of a second towards programs, whatever its own clock. */
const US_PER_TICK = 10_000;

interface ProcessTimes {
  readonly parentPid: number;
  readonly cpuUs: number;
}

/**
 * The user and system time, in µs, of a process and its living descendants; undefined where /proc
 * does not tell.
 */
export function processTreeCpuUs(pid: number): number | undefined {
  const all = readProcesses();
  if (!all.has(pid)) return undefined;
  let cpuUs = 0;
  for (const [each, times] of all) {
    if (descendsFrom(all, each, pid)) cpuUs += times.cpuUs;
  }
  return cpuUs;
}

function descendsFrom(
  all: ReadonlyMap<number, ProcessTimes>,
  pid: number,
  ancestor: number,
): boolean {
  const seen = new Set<number>();
  let at: number | undefined = pid;
  while (at !== undefined && !seen.has(at)) {
    if (at === ancestor) return true;
    seen.add(at);
    at = all.get(at)?.parentPid;
  }
  return false;
}

function readProcesses(): Map<number, ProcessTimes> {
  const all = new Map<number, ProcessTimes>();
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return all;
  }
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const times = readStat(name);
    if (times !== undefined) all.set(Number(name), times);
  }
  return all;
}

/** Fields 4, 14 and 15 of /proc/PID/stat (proc_pid_stat(5)); a process may end meanwhile. */
function readStat(pid: string): ProcessTimes | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The second field, the name in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { parentPid: Number(fields[1]), cpuUs: ticks * US_PER_TICK };
}
