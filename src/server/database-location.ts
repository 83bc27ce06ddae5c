/** Where a database is: reads what `--db` and COUPONLIVE_DB name. */
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CliError } from "../exit-codes.ts";

export interface DatabaseLocation {
  /** For @libsql/client. */
  readonly url: string;
  /** For a local file, where it lies; undefined for a libSQL server. */
  readonly path: string | undefined;
  /** For messages: without the user and the token that a URL may hold. */
  readonly label: string;
}

/** Told with whatever is wrong with a database's place. */
export const DATABASE_SETTING = "(--db, COUPONLIVE_DB)";

/**
 * `./a/b.db` and `file:b.db` are local files, whatever letters their names have; `libsql://…`,
 * `http(s)://…` and `ws(s)://…` name a libSQL server.
 *
 * @throws CliError for anything else, and for a database that would live in memory
 */
export function locateDatabase(pathOrUrl: string): DatabaseLocation {
  if (pathOrUrl === "") throw new CliError(`the database has no name ${DATABASE_SETTING}`);
  if (/^(file:)?:memory:/.test(pathOrUrl)) {
    throw new CliError(
      `a database in memory would be gone when the command ends: name a file ${DATABASE_SETTING}`,
    );
  }
  if (pathOrUrl.startsWith("file:")) return localFile(pathOfFileUrl(pathOrUrl), pathOrUrl);
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(pathOrUrl) ?? [];
  if (scheme === undefined) {
    const label = /^\.{0,2}\//.test(pathOrUrl) ? pathOrUrl : `./${pathOrUrl}`;
    return localFile(resolve(pathOrUrl), label);
  }
  if (!/^(libsql|https?|wss?)$/i.test(scheme)) {
    throw new CliError(
      `a ${scheme}: database is not supported: name a file, or a libSQL server by a libsql: or https: URL ${DATABASE_SETTING}`,
    );
  }
  if (!URL.canParse(pathOrUrl)) {
    throw new CliError(`the database's ${scheme}: URL is not well formed ${DATABASE_SETTING}`);
  }
  const { protocol, host } = new URL(pathOrUrl);
  return { url: pathOrUrl, path: undefined, label: `${protocol}//${host}` };
}

function localFile(path: string, label: string): DatabaseLocation {
  return { url: pathToFileURL(path).href, path, label };
}

/** SQLite gives `file:b.db`, which RFC 8089 does not know, the meaning of a relative path. */
function pathOfFileUrl(url: string): string {
  if (/[?#]/.test(url)) {
    throw new CliError(
      `a file: URL with a query or a fragment is not supported: name the file by its path ${DATABASE_SETTING}`,
    );
  }
  try {
    if (url.startsWith("file:/")) return fileURLToPath(url);
    return resolve(decodeURIComponent(url.slice("file:".length)));
  } catch {
    throw new CliError(
      `the database's file: URL is not well formed: name the file by its path ${DATABASE_SETTING}`,
    );
  }
}
