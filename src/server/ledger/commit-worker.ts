/**
 * The thread that commits for the embedded engine. A call into a local libSQL file blocks its
 * thread until the disk has the data, so it must not be the one that serves HTTP.
 */
import { openDatabase } from "../database.ts";
import type { CommitReply, CommitRequest } from "./commit-thread.ts";
import { insertAll } from "./insert.ts";

declare const self: Worker;

let database: ReturnType<typeof openDatabase> | undefined;

self.onmessage = async (message: MessageEvent<CommitRequest>) => {
  const request = message.data;
  try {
    if (request.kind === "open") {
      database = openDatabase(request.db, request.dbToken);
      await database;
    } else if (request.kind === "insert") {
      if (database === undefined) throw new Error("the ledger is not open");
      await insertAll((await database).client, request.encodedRows);
    } else {
      (await database)?.close();
    }
    reply({ ok: true });
  } catch (error) {
    reply({ ok: false, message: error instanceof Error ? error.message : String(error) });
  }
};

function reply(answer: CommitReply): void {
  self.postMessage(answer);
}
