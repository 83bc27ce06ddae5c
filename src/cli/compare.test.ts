/** `simulate compare` through the real program. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../../test/support/program.ts";
import { rushResult } from "../../test/support/rush.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { EXIT } from "../exit-codes.ts";

test("compares two files, as text and as JSON, and refuses what is none", async () => {
  const directory = temporaryDirectory();
  try {
    const [first, second] = [join(directory.path, "a.json"), join(directory.path, "b.json")];
    const { report } = rushResult();
    writeFileSync(first, JSON.stringify(report));
    writeFileSync(second, JSON.stringify({ ...report, achievedRate: 20_000 }));
    const text = await runProgram(["simulate", "compare", first, second]);
    expect(text.stdout).toMatch(/^achieved +10,000\/s +20,000\/s +× 2\.00$/m);
    expect(text.exitCode).toBe(EXIT.ok);
    const json = await runProgram(["simulate", "compare", "--json", first, second]);
    expect(JSON.parse(json.stdout)).toMatchObject({ version: 1, verdicts: { a: "PASS" } });
    writeFileSync(second, '{"version":1,"verdict":"PASS"}');
    const old = await runProgram(["simulate", "compare", first, second]);
    expect(old.exitCode).toBe(EXIT.usage);
    expect(old.stderr).toContain("b.json is a report of version 1");
    const none = await runProgram(["simulate", "compare", first, join(directory.path, "c.json")]);
    expect(none.exitCode).toBe(EXIT.usage);
  } finally {
    directory.remove();
  }
});
