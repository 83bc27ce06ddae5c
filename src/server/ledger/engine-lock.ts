/** Makes sure that one database has one embedded engine. */
import { createClient, LibsqlError } from "@libsql/client";
import { CliError } from "../../exit-codes.ts";

export interface EngineLock {
  release(): void;
}

/**
 * Holds an open write transaction on a small database beside the ledger. The operating system
 * frees it when the process ends, however it ends, so no stale lock is ever left behind.
 *
 * @throws CliError when another process holds it
 */
export async function holdEngineLock(databaseUrl: string): Promise<EngineLock> {
  const client = createClient({ url: `${databaseUrl}-lock` });
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
      "another couponlive serves this database on the embedded engine: stop it, or use --redis for several",
    );
  }
}
