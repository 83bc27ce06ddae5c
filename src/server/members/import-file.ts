/** Reads a CSV file of members: one account a line, judged as it is read, whatever the file's size. */
import type { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { z } from "zod";
import { brokenRule, normalizeEmail } from "./account-rules.ts";
import { HASH_RULE, isAcceptableHash } from "./passwords.ts";
import type { Role } from "./tokens.ts";

const COLUMNS = ["id", "email", "name", "password_hash", "password", "role"] as const;
type Column = (typeof COLUMNS)[number];

/** The columns, for whoever asks. */
export const IMPORT_COLUMNS = COLUMNS.join(", ");

/** A longer line is refused: it is no line of members, or a quotation mark is missing. */
const MAX_LINE_BYTES = 16_384;

/** What a line that cannot be read becomes: its number, and what is wrong, without its values. */
export interface BadLine {
  readonly line: number;
  readonly problem: string;
}

export interface ImportLine {
  /** Counted from 1, the heading among them; of an account over several lines, the last. */
  readonly line: number;
  /** Undefined for a new one. */
  readonly id: string | undefined;
  readonly email: string;
  readonly name: string | null;
  readonly role: Role;
  readonly passwordHash: string | null;
  /** A password that is still to be hashed. */
  readonly password: string | undefined;
}

const itemSchema = z.object({
  record: z.array(z.string()),
  info: z.object({ lines: z.number() }),
});

/** The texts of one line by their columns; an empty one is as none. */
type Fields = Partial<Record<Column, string>>;

/**
 * The lines below the heading, each an account or what is wrong with it. A heading or a quotation
 * that cannot be understood is the last that is read.
 *
 * @param csv UTF-8, comma-separated (RFC 4180), with a heading that names the columns
 * @throws what reading the file throws
 */
export async function* readMemberLines(csv: Readable): AsyncGenerator<ImportLine | BadLine> {
  const parser = parse({
    bom: true,
    info: true,
    // All of them, as a file that several programs wrote may mix them.
    record_delimiter: ["\r\n", "\n"],
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MAX_LINE_BYTES,
  });
  csv.once("error", (error) => parser.destroy(error));
  csv.pipe(parser);
  let columns: readonly Column[] | undefined;
  try {
    for await (const item of parser) {
      const { record, info } = itemSchema.parse(item);
      if (columns !== undefined) {
        yield readLine(info.lines, columns, record);
        continue;
      }
      const heading = readHeading(record);
      if (typeof heading === "string") return yield { line: info.lines, problem: heading };
      columns = heading;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    yield { line: lineOf(error), problem: problemOf(error) };
    return;
  } finally {
    csv.destroy();
  }
  if (columns === undefined) yield { line: 1, problem: "the file is empty" };
}

/** The columns in their order, or what is wrong with them. */
function readHeading(record: readonly string[]): readonly Column[] | string {
  const columns: Column[] = [];
  for (const text of record) {
    const name = text.trim().toLowerCase();
    const column = COLUMNS.find((known) => known === name);
    if (column === undefined) {
      return `the first line must name the columns, and one of them is not known; known are ${IMPORT_COLUMNS}`;
    }
    if (columns.includes(column)) return `the column ${column} is there twice`;
    columns.push(column);
  }
  return columns.includes("email") ? columns : "the column email is missing";
}

function readLine(
  line: number,
  columns: readonly Column[],
  record: readonly string[],
): ImportLine | BadLine {
  if (record.length !== columns.length) {
    const counts = `it has ${record.length} fields, and the heading has ${columns.length}`;
    const quoting = 'a field with commas, as a password_hash, needs "quotation marks"';
    return { line, problem: record.length < columns.length ? counts : `${counts}: ${quoting}` };
  }
  const fields: Fields = {};
  for (const [index, column] of columns.entries()) {
    const text = record[index];
    if (text !== undefined && text !== "") fields[column] = text;
  }
  const email = normalizeEmail(fields.email ?? "");
  const problem = problemWith(fields, email);
  if (problem !== undefined) return { line, problem };
  return {
    line,
    id: fields.id,
    email,
    name: fields.name ?? null,
    role: fields.role === "admin" ? "admin" : "member",
    passwordHash: fields.password_hash ?? null,
    password: fields.password,
  };
}

function problemWith(fields: Fields, email: string): string | undefined {
  // What decoding puts in place of bytes that are not UTF-8.
  if (Object.values(fields).some((text) => text.includes("\ufffd"))) return "it is not UTF-8";
  const { id, name, password, password_hash: hash, role } = fields;
  if (role !== undefined && role !== "member" && role !== "admin") {
    return "the role must be member or admin";
  }
  if (hash !== undefined && password !== undefined) {
    return "it has both a password and a password_hash: leave one out";
  }
  if (hash !== undefined && !isAcceptableHash(hash)) return HASH_RULE;
  return brokenRule({ id, email, name, password });
}

/** csv-parse's own messages quote the line, which may hold a password. */
function problemOf({ code }: CsvError): string {
  if (code === "CSV_MAX_RECORD_SIZE") {
    return `it is longer than ${MAX_LINE_BYTES} bytes: is a quotation mark missing before it?`;
  }
  return `its quotation marks do not fit (${code}); what follows was not read`;
}

function lineOf(error: CsvError): number {
  const { lines } = error;
  return typeof lines === "number" ? lines : 0;
}
