/** Lines of CSV (RFC 4180) that a spreadsheet cannot mistake for formulas. */

/**
 * What a spreadsheet reads as the beginning of a formula, in the widths that it knows, or skips on
 * its way to one (OWASP, «CSV Injection»); and the apostrophe itself, so that it can be undone.
 */
const DANGEROUS_BEGINNING = /^[=+\-@＝＋－＠\t\r\n']/;
/** A semicolon or a tab separates cells too, where a spreadsheet is set so. */
const NEEDS_QUOTES = /[",;\t\r\n]/;

/**
 * One line with its line break. A text that begins with `=`, `+`, `-`, `@`, a tab, a line break or
 * an apostrophe gets an apostrophe in front: who reads by program takes one leading apostrophe away,
 * and has the text as it was. Numbers are written as they are; null is an empty cell.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(cell: string | number | null): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const harmless = DANGEROUS_BEGINNING.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
