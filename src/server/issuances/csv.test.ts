import { expect, test } from "bun:test";
import fc from "fast-check";
import { csvLine } from "./csv.ts";

test("cells with separators, quotes and line breaks are quoted, others are not", () => {
  expect(csvLine([1, "plain", null, 'a "b", c', "two\r\nlines", "a;b", ""])).toBe(
    '1,plain,,"a ""b"", c","two\r\nlines","a;b",\r\n',
  );
});

test("what a spreadsheet would run begins with an apostrophe", () => {
  for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "'quoted"]) {
    expect(csvLine([text])).toBe(`'${text}\r\n`);
  }
  expect(csvLine(["\t=1"])).toBe(`"'\t=1"\r\n`);
  expect(csvLine([-1])).toBe("-1\r\n");
});

test("property: no text begins as a formula, and each comes back as it was", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), (cells) => {
      const read = readLine(csvLine(cells));
      for (const cell of read) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
      expect(read.map((cell) => cell.replace(/^'/, ""))).toEqual(cells);
    }),
  );
});

/** A reader of RFC 4180 in its plainest form. */
function readLine(line: string): string[] {
  const cells = [...`,${line.slice(0, -2)}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/g)];
  return cells.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "");
}
