/** Whether this process may do as it likes with its terminal. */
import { readFileSync } from "node:fs";

/** Of /proc/PID/stat, counted from the state, which follows the name (proc_pid_stat(5)). */
const PROCESS_GROUP = 2;
const TERMINAL_GROUP = 5;
/** There is no controlling terminal. */
const NONE = "-1";

/**
 * Whether a shell has put this process into the background (`couponlive … &`): it would be stopped
 * as soon as it changed the terminal's settings (SIGTTOU). False where the system does not tell.
 */
export function isInBackground(): boolean {
  let text: string;
  try {
    text = readFileSync("/proc/self/stat", "utf8");
  } catch {
    return false;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const foreground = fields[TERMINAL_GROUP];
  return foreground !== NONE && foreground !== fields[PROCESS_GROUP];
}
