/**
 * Cleans up after a test runner however it ends, killed or not: a guard process reads a pipe that
 * only the runner holds open, and does what it was told when the system closes that.
 * (`process.on("exit")` would not do: `bun test` ends without it.)
 */

const GUARD_SCRIPT = `
pids=" "
while read -r verb value; do
  case $verb in
    kill) pids="$pids$value " ;;
    spare) pids="\${pids%% $value *} \${pids#* $value }" ;;
    remove) set -- "$@" "$value" ;;
  esac
done
for pid in $pids; do kill -KILL "$pid"; done
rm -rf "$@"
`;

// Started here and not when first needed: when a test runs out of time, bun kills what that test
// has started, and that must not be the guard.
const guard = Bun.spawn(["sh", "-c", GUARD_SCRIPT], {
  stdin: "pipe",
  stdout: "ignore",
  stderr: "ignore",
  // A process group of its own, so that Ctrl-C in the terminal does not end the guard first.
  detached: true,
});
guard.unref();

/** Has the process killed when this one is gone, unless it has ended by then. */
export function killAtEnd(child: Bun.Subprocess): void {
  tellGuard(`kill ${child.pid}`);
  void child.exited.then(() => tellGuard(`spare ${child.pid}`));
}

/** Has the folder removed when this process is gone. */
export function removeAtEnd(directory: string): void {
  tellGuard(`remove ${directory}`);
}

function tellGuard(order: string): void {
  guard.stdin.write(`${order}\n`);
  void guard.stdin.flush();
}
