/** Where secrets go that a command writes: a file that only its owner reads, or stdout. */
import { type FileHandle, open } from "node:fs/promises";
import { CliError, EXIT } from "../exit-codes.ts";

const OWNER_ONLY = 0o600;

export interface PrivateOutput extends AsyncDisposable {
  /** Resolves when the text has been taken, so that a slow reader slows the writer. */
  write(text: string): Promise<void>;
}

/**
 * Opens `path` for writing, or stdout for `-`.
 *
 * @throws CliError when the file exists and `overwrite` is false, or it cannot be written.
 */
export async function openPrivateOutput(path: string, overwrite: boolean): Promise<PrivateOutput> {
  if (path === "-") return { write: writeToStdout, [Symbol.asyncDispose]: async () => {} };
  const file = await openFile(path, overwrite);
  return {
    write: async (text) => await file.writeFile(text),
    [Symbol.asyncDispose]: async () => await file.close(),
  };
}

async function openFile(path: string, overwrite: boolean): Promise<FileHandle> {
  try {
    const file = await open(path, overwrite ? "w" : "wx", OWNER_ONLY);
    await file.chmod(OWNER_ONLY); // A file that was there before keeps its mode otherwise.
    return file;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      throw new CliError(`${path} exists: name another file, or add --force to overwrite it`);
    }
    throw new CliError(
      `${path} cannot be written (${error instanceof Error ? error.message : String(error)}): name a file in a folder that is there, where you may write`,
    );
  }
}

async function writeToStdout(text: string): Promise<void> {
  try {
    await Bun.write(Bun.stdout, text);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
    throw new CliError("not all was written: who reads it has stopped", EXIT.failed);
  }
}
