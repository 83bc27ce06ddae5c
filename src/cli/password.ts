/** Takes a password from the person or the program at the other end of stdin. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { CliError } from "../exit-codes.ts";

/** More than the longest password takes; what is piped in beyond it is not read. */
const MAX_INPUT_BYTES = 4_096;

/**
 * Asks for a new password, twice and without echo, where stdin is a terminal.
 * Else it is the first line of stdin.
 *
 * @throws CliError when none is given, or the two differ.
 */
export async function readNewPassword(): Promise<string> {
  if (!process.stdin.isTTY) return await readPasswordLine();
  const password = await ask("Password: ");
  if ((await ask("The same again: ")) !== password) {
    throw new CliError("the two passwords differ: try again");
  }
  return password;
}

/**
 * The first line of stdin.
 *
 * @throws CliError when it is empty.
 */
export async function readPasswordLine(): Promise<string> {
  let input = Buffer.alloc(0);
  for await (const chunk of Bun.stdin.stream()) {
    input = Buffer.concat([input, chunk]);
    if (input.includes("\n") || input.length > MAX_INPUT_BYTES) break;
  }
  const [line = ""] = input.toString().split(/\r?\n/);
  if (line === "") throw new CliError("stdin holds no password: pipe one in, on a line of its own");
  return line;
}

async function ask(prompt: string): Promise<string> {
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silence, terminal: true });
  const abort = new AbortController();
  lines.once("close", () => abort.abort()); // Ctrl-C or Ctrl-D
  process.stderr.write(prompt);
  try {
    return await lines.question("", { signal: abort.signal });
  } catch (error) {
    if (abort.signal.aborted) throw new CliError("no password was given: nothing was done");
    throw error;
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}
