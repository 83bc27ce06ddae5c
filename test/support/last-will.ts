/** Cleans up after a test runner in every case, even when it was killed. */

/**
 * Has `command` run as soon as this process is gone: a guard reads a pipe that only this process
 * holds open, and the system closes it at any kind of death. (`process.on("exit")` would not do:
 * `bun test` ends without it.)
 *
 * @returns dismisses the guard: the command will not run.
 */
export function whenThisProcessEnds(command: readonly string[]): () => void {
  const guard = Bun.spawn(["sh", "-c", 'read -r _; exec "$@"', "guard", ...command], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    // A group of its own, so that Ctrl-C in the terminal does not end the guard first.
    detached: true,
  });
  guard.unref();
  return () => {
    guard.kill("SIGKILL");
  };
}
