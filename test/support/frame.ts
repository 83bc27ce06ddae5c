/** What ink draws, on a terminal that is not there. */
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { render } from "ink";
import type { ReactNode } from "react";

/** The last frame of a view whose text names the program, as lines without colours. */
export async function lastFrame(
  view: ReactNode,
  terminal: { readonly columns: number; readonly rows: number },
): Promise<string[]> {
  const stdout = Object.assign(new PassThrough(), { ...terminal, isTTY: true });
  const written: string[] = [];
  stdout.on("data", (chunk: Buffer) => written.push(chunk.toString()));
  const fake: unknown = stdout;
  if (!isWriteStream(fake)) throw new Error("the fake terminal has no write");
  const drawn = render(view, { stdout: fake, debug: true, patchConsole: false });
  drawn.unmount();
  await drawn.waitUntilExit();
  const last = written.findLast((text) => text.includes("couponlive"));
  return stripVTControlCharacters(last ?? "")
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => line.trimEnd());
}

/** Ink wants a terminal's stream and uses no more of it than the fake one has. */
function isWriteStream(value: unknown): value is NodeJS.WriteStream {
  return typeof value === "object" && value !== null && "write" in value;
}
