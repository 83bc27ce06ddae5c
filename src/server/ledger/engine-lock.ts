/** Makes sure that one database file has one embedded engine, and no Redis beside it. */
import { realpathSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createClient, LibsqlError } from "@libsql/client";
import { CliError, EXIT } from "../../exit-codes.ts";

export interface EngineLock {
  release(): void;
}

/**
 * Holds an open write transaction on a small database beside the ledger's file, whatever link leads
 * there. The operating system frees it when the process ends, however it ends, so no stale lock is
 * ever left behind.
 *
 * @param databaseUrl a `file:` URL of a database that exists
 * @throws CliError when another process holds it
 */
export async function holdEngineLock(databaseUrl: string): Promise<EngineLock> {
  const file = realpathSync(
    fileURLToPath(new URL(databaseUrl, pathToFileURL(`${process.cwd()}/`))),
  );
  const client = createClient({ url: pathToFileURL(`${file}-lock`).href });
  try {
    const transaction = await client.transaction("write");
    return {
      release: () => {
        transaction.close();
        client.close();
      },
    };
  } catch (error) {
    client.close();
    if (!(error instanceof LibsqlError && error.code.startsWith("SQLITE_BUSY"))) throw error;
    throw new CliError(
      "another couponlive serves this database on the embedded engine: stop it first, or use --redis for several",
      EXIT.usage,
    );
  }
}
