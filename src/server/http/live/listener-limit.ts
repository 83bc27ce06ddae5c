/** How many may listen, so that there are sockets left for those who claim. */
import { readFileSync } from "node:fs";

/** Of the files that the process may open. */
const LISTENERS_SHARE = 0.5;

/**
 * The bound on a process's listeners: `most`, or half of the files that it may open where that is
 * less.
 *
 * @param limits the text of /proc/self/limits; undefined where there is none
 */
export function listenerLimit(most: number, limits: string | undefined): number {
  const files = Number(/^Max open files +(\d+)/m.exec(limits ?? "")?.[1] ?? Number.NaN);
  return Number.isNaN(files) ? most : Math.min(most, Math.floor(files * LISTENERS_SHARE));
}

/** This process's limits, as Linux tells them (proc_pid_limits(5)). */
export function readProcessLimits(): string | undefined {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return undefined;
  }
}
