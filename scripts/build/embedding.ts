/** What must be changed in the source, so that one file holds the whole program. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { BunPlugin } from "bun";

const ROOT = join(import.meta.dir, "..", "..");
/** Where a compiled program finds what is embedded in it. */
const EMBEDDED_ROOT = "/$bunfs/root/";
/** The one form in which a thread may be started; anything else would be looked for on the disk. */
const WORKER = /new Worker\(new URL\("(\.{1,2}\/[^"]+)\.tsx?", import\.meta\.url\)\)/g;

/** The files of `src` that run as threads of their own: each is an entry point of the build. */
export function findWorkers(): string[] {
  return readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes(".test."))
    .map((name) => join(ROOT, "src", name))
    .flatMap((file) => workersOf(file, readFileSync(file, "utf8")));
}

/**
 * The files that a source file starts as threads.
 *
 * @throws Error for a `new Worker` in another form than `new Worker(new URL("./x.ts", import.meta.url))`
 */
export function workersOf(file: string, text: string): string[] {
  const found = [...text.matchAll(WORKER)];
  if (found.length !== text.split("new Worker(").length - 1) {
    throw new Error(
      `${relative(ROOT, file)} starts a thread in a form that the build does not know: write new Worker(new URL("./x.ts", import.meta.url))`,
    );
  }
  return found.map(([, path = ""]) => `${join(file, "..", path)}.ts`);
}

/**
 * Makes what is found by a computed name at run time part of the program.
 *
 * @param nativeModule the folder of libSQL's native module for the machine that the program is for
 */
export function embedding(nativeModule: string): BunPlugin {
  return {
    name: "couponlive",
    setup(build) {
      // ink wants it for a developer only, and does not bring it.
      build.onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({
        path,
        namespace: "empty",
      }));
      build.onLoad({ filter: /.*/, namespace: "empty" }, () => ({
        contents: "export default {};",
        loader: "js",
      }));
      build.onLoad({ filter: /\/node_modules\/libsql\/index\.js$/ }, ({ path }) => ({
        contents: replaced(
          path,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: it is libsql's source that is looked for
          "return require(`@libsql/${target}`)",
          `return require(${JSON.stringify(nativeModule)})`,
        ),
        loader: "js",
      }));
      build.onLoad({ filter: /\/src\/.*\.tsx?$/ }, ({ path }) => ({
        contents: readFileSync(path, "utf8").replaceAll(
          WORKER,
          (_, worker: string) => `new Worker(${JSON.stringify(embeddedPath(path, worker))})`,
        ),
        loader: path.endsWith("x") ? "tsx" : "ts",
      }));
    },
  };
}

/** The path of an embedded entry point, which the source names relative to itself. */
function embeddedPath(file: string, worker: string): string {
  return `${EMBEDDED_ROOT}${relative(ROOT, join(file, "..", worker))}.js`;
}

/** @throws Error when the file is not as it was when this was written */
function replaced(file: string, from: string, to: string): string {
  const text = readFileSync(file, "utf8");
  if (text.includes(from)) return text.replace(from, () => to);
  throw new Error(`${relative(ROOT, file)} has changed: see scripts/build/embedding.ts`);
}
