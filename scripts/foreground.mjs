/** Runs a program in the place of this process: its terminal, its signals, its exit code. */
import { spawn } from "node:child_process";

const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs the program with this process's standard streams and hands every signal on.
 *
 * @returns its exit code, or the name of the signal that ended it.
 */
export function runInForeground(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: "inherit" });
    const forward = (signal) => {
      // The terminal itself sends Ctrl-C to all of its foreground processes, so to the child too:
      // handing it on would make it two, and programs take the second for impatience.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      for (const name of FORWARDED_SIGNALS) process.off(name, forward);
      resolve(code ?? signal);
    });
  });
}

/** Ends this process as `runInForeground` says that the program ended. */
export function endAs(outcome) {
  if (typeof outcome === "string") process.kill(process.pid, outcome);
  else process.exitCode = outcome;
}
