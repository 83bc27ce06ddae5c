/** What the house rules say and a reader would otherwise have to check: see docs/decisions. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import packageLock from "../package-lock.json" with { type: "json" };
import { migrations } from "../schema/migrations.ts";
import { EXIT } from "../src/exit-codes.ts";

const ROOT = join(import.meta.dir, "..");
const MAX_SOURCE_LINES = 400;

interface SourceFile {
  /** Path from the checkout's root. */
  readonly path: string;
  readonly text: string;
}

const sources: readonly SourceFile[] = await Promise.all(
  readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(tsx?|lua)$/.test(name))
    .map(async (name) => ({ path: `src/${name}`, text: await readText(`src/${name}`) })),
);

function readText(path: string): Promise<string> {
  return Bun.file(join(ROOT, path)).text();
}

function pathsOf(files: readonly SourceFile[]): string[] {
  return files.map((file) => file.path);
}

const isTest = (file: SourceFile) => file.path.includes(".test.");

test("the source is found", () => {
  expect(pathsOf(sources)).toContain("src/main.ts");
});

test("every migration in the folder is embedded, in order", () => {
  const files = readdirSync(join(ROOT, "schema", "migrations"))
    .filter((name) => name.endsWith(".sql"))
    .sort();
  expect(migrations.map(({ name }) => `${name}.sql`)).toEqual(files);
});

test(`no source file is longer than ${MAX_SOURCE_LINES} lines`, () => {
  const long = sources.filter((file) => file.text.split("\n").length > MAX_SOURCE_LINES);
  expect(pathsOf(long)).toEqual([]);
});

test("files are named for what is in them", () => {
  const vague = /\/(index|utils?|helpers?|common|misc)(\.|\/)/;
  expect(pathsOf(sources.filter((file) => vague.test(file.path)))).toEqual([]);
});

test("only src/config.ts reads the environment", () => {
  const readers = sources.filter(
    (file) => !isTest(file) && /\b(process|Bun)\.env\b|\bimport\.meta\.env\b/.test(file.text),
  );
  expect(pathsOf(readers)).toEqual(["src/config.ts"]);
});

test("the server knows neither the command line nor the simulator", () => {
  const wrong = sources.filter(
    (file) =>
      file.path.startsWith("src/server/") &&
      !isTest(file) &&
      /(from|import\(?)\s*"(\.\.\/)+(cli|sim)\//.test(file.text),
  );
  expect(pathsOf(wrong)).toEqual([]);
});

test("claims know no HTTP", () => {
  const wrong = sources.filter(
    (file) =>
      file.path.startsWith("src/server/claims/") &&
      !isTest(file) &&
      /(from|import\(?)\s*"(hono|(\.\.\/)+http\/)/.test(file.text),
  );
  expect(pathsOf(wrong)).toEqual([]);
});

test("dependencies are exact versions, the same in the lock file, and each is accounted for", async () => {
  const { dependencies, devDependencies } = packageJson;
  const all = Object.entries({ ...dependencies, ...devDependencies });
  expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);

  const locked = packageLock.packages[""];
  expect(locked.dependencies).toEqual(dependencies);
  expect(locked.devDependencies).toEqual(devDependencies);

  const decisions = await readText("docs/decisions/dependencies.md");
  const listed = [...decisions.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]);
  expect(new Set(listed)).toEqual(new Set(all.map(([name]) => name)));
});

test("docs/exit-codes.md and src/exit-codes.ts agree", async () => {
  const page = await readText("docs/exit-codes.md");
  const rows = [...page.matchAll(/^\| (\d+) \| `(\w+)` \|/gm)];
  const documented = rows.map(([, code, name]) => [name, Number(code)]);
  expect(documented).toEqual(Object.entries(EXIT));
});
