/** Tables of plain text, for the terminal. */

const GAP = "  ";

/**
 * Lays the rows out in columns as wide as their widest cell, the first row being the headings.
 * Widths are those a terminal shows: a Korean letter takes two places.
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => Bun.stringWidth(row[column] ?? ""))),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - Bun.stringWidth(cell)))
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
}
