/** Temporary folders for tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeAtEnd } from "./last-will.ts";

export interface TemporaryDirectory extends Disposable {
  readonly path: string;
  /** Removes the folder and all that is in it; a second call does nothing. */
  remove(): void;
}

let root: string | undefined;

/** The folder that holds all those of this test run; it goes when the run ends, however it ends. */
function rootDirectory(): string {
  if (root === undefined) {
    root = mkdtempSync(join(tmpdir(), "couponlive-test-"));
    removeAtEnd(root);
  }
  return root;
}

/**
 * Makes an empty folder. It goes with `remove()` or at the end of a `using` scope, or else when
 * the test run ends.
 */
export function temporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(rootDirectory(), "t-"));
  const remove = () => {
    rmSync(path, { recursive: true, force: true });
  };
  return { path, remove, [Symbol.dispose]: remove };
}
