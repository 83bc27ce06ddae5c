/**
 * The migrations as text, so that they are inside the compiled binary. Every file that
 * `npm run db:generate` writes is listed here, in order; a test compares the list with the folder.
 */
import initial from "./migrations/0000_initial.sql" with { type: "text" };
import catalogueRow from "./migrations/0001_catalogue_row.sql" with { type: "text" };
import operations from "./migrations/0002_operations.sql" with { type: "text" };

export interface Migration {
  readonly name: string;
  readonly sql: string;
}

export const migrations: readonly Migration[] = [
  { name: "0000_initial", sql: initial },
  { name: "0001_catalogue_row", sql: catalogueRow },
  { name: "0002_operations", sql: operations },
];
