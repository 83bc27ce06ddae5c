/** Text that a command takes from a file or from stdin. */
import { readFile, stat } from "node:fs/promises";
import { CliError } from "../exit-codes.ts";

/**
 * The text of a file; `-` is stdin.
 *
 * @throws CliError when it cannot be read, or is larger than `maxBytes`
 */
export async function readTextFile(file: string, maxBytes: number): Promise<string> {
  if (file === "-") return await readStdin(maxBytes);
  try {
    const { size } = await stat(file);
    if (size > maxBytes) throw tooLarge(file, maxBytes);
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof CliError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`${file} could not be read: ${why}`);
  }
}

async function readStdin(maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of Bun.stdin.stream()) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge("stdin", maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function tooLarge(what: string, maxBytes: number): CliError {
  return new CliError(`${what} has more than the ${maxBytes} bytes that are read`);
}
