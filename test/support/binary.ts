/** The single binary of the source as it is, made once for the tests of a file. */
import { join } from "node:path";
import { temporaryDirectory } from "./temp.ts";

const BUILD_SCRIPT = join(import.meta.dir, "..", "..", "scripts", "build.ts");

/** How long making it may take; for the `beforeAll` of those who ask for it. */
export const BUILD_LIMIT_MS = 120_000;

let binary: Promise<string> | undefined;

/**
 * Its path. It goes when the test run ends.
 *
 * @throws Error with what the build said, where it fails.
 */
export function builtBinary(): Promise<string> {
  binary ??= build();
  return binary;
}

async function build(): Promise<string> {
  const outfile = join(temporaryDirectory().path, "couponlive");
  const child = Bun.spawn([process.execPath, BUILD_SCRIPT, "--outfile", outfile], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stderr = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`the binary cannot be built: ${stderr}`);
  return outfile;
}
