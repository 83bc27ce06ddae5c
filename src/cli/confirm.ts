/** Asks before what cannot be undone. */
import { createInterface } from "node:readline/promises";
import { CliError } from "../exit-codes.ts";

/**
 * Returns when the person at the terminal types `yes`, or has given `--yes`.
 *
 * @param what the sentence that says what would be done
 * @throws CliError when it is answered otherwise, or there is no terminal to ask at
 */
export async function confirm(what: string, flags: { readonly yes?: true }): Promise<void> {
  if (flags.yes) return;
  if (!process.stdin.isTTY) throw new CliError(`${what} (add --yes to do it)`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const abort = new AbortController();
  lines.once("close", () => abort.abort()); // Ctrl-C or Ctrl-D
  try {
    const answer = await lines.question(`${what}\nType yes to do it: `, { signal: abort.signal });
    if (answer.trim().toLowerCase() === "yes") return;
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    process.stderr.write("\n");
  } finally {
    lines.close();
  }
  throw new CliError("nothing was done");
}
