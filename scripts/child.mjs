/** Runs a program in the place of this process: its terminal, its signals, its exit code. */
import { spawn } from "node:child_process";

const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs the program, with this process's standard streams unless `options.stdio` says otherwise,
 * hands on every signal that this process gets, and waits for the program's end. With
 * `options.expendable` a signal kills the program at once: it has nothing to put in order.
 *
 * @returns `outcome`: its exit code, or the name of the signal that ended it. `interruptedBy`: the
 * last signal that came meanwhile, if any. `output`: what it wrote to streams that are pipes.
 */
export function runChild(command, args, { expendable = false, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", ...options });
    let interruptedBy;
    const forward = (signal) => {
      interruptedBy = signal;
      if (expendable) {
        child.kill("SIGKILL");
        return;
      }
      // The terminal itself sends Ctrl-C to all of its foreground processes, so to the child too:
      // handing it on would make it two, and programs take the second for impatience.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    };
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        output += chunk;
      });
    }
    for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      for (const name of FORWARDED_SIGNALS) process.off(name, forward);
      resolve({ outcome: code ?? signal, interruptedBy, output });
    });
  });
}

/** Ends this process as `runChild` says that the program ended. */
export function endAs(outcome) {
  if (typeof outcome === "string") process.kill(process.pid, outcome);
  else process.exitCode = outcome;
}
