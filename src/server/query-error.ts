/** Keeps members' data out of error messages. */
import { DrizzleQueryError } from "drizzle-orm";

/** An error for a log: drizzle's without the values that it holds. */
export function errorText(error: unknown): string {
  return String(error instanceof DrizzleQueryError ? (error.cause ?? error.name) : error);
}

/**
 * Awaits a query. drizzle's error holds the values of the statement in its message (e-mails,
 * password hashes); what is thrown here instead is the database's own error, which does not.
 */
export async function withoutValuesInErrors<T>(query: PromiseLike<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw error instanceof DrizzleQueryError && error.cause !== undefined ? error.cause : error;
  }
}
