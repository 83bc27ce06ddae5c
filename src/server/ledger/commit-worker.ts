/**
 * The thread that commits for the embedded engine. A call into a local libSQL file blocks its
 * thread until the disk has the data, so it must not be the one that serves HTTP.
 *
 * Commits append to the outbox; what they appended moves to the ledger when no commit has come for
 * a moment, or when too much has gathered.
 */
import { type Database, openDatabase } from "../database.ts";
import type { CommitReply, CommitRequest } from "./commit-thread.ts";
import { appendToOutbox, moveToLedger } from "./outbox.ts";

/** After this long without a commit the rush is over or has a gap. */
const IDLE_BEFORE_MOVE_MS = 20;
/** Commits in a row after which issuances move even though claims wait. */
const MAX_COMMITS_WITHOUT_MOVE = 5_000;
/** After the ledger refused; it is tried again, since only a person can mend what it says. */
const RETRY_AFTER_REFUSAL_MS = 5_000;

declare const self: Worker;

let database: Database | undefined;
let commitsSinceMove = 0;
let moveTimer: Timer | undefined;

self.onmessage = async (message: MessageEvent<CommitRequest>) => {
  try {
    await handle(message.data);
    reply({ kind: "done" });
  } catch (error) {
    reply({ kind: "failed", message: messageOf(error) });
  }
};

async function handle(request: CommitRequest): Promise<void> {
  switch (request.kind) {
    case "open":
      database = await openDatabase(request.db, request.dbToken);
      moveAfter(0);
      return;
    case "commit":
      if (request.encodedRows !== undefined) {
        await appendToOutbox(opened().client, request.encodedRows);
      }
      moveAfter(++commitsSinceMove > MAX_COMMITS_WITHOUT_MOVE ? 0 : IDLE_BEFORE_MOVE_MS);
      return;
    case "close":
      clearTimeout(moveTimer);
      while ((await moveToLedger(opened().client)) > 0);
      opened().close();
  }
}

/** Moves one step after a pause; a commit in between begins the pause anew. */
function moveAfter(pauseMs: number): void {
  clearTimeout(moveTimer);
  moveTimer = setTimeout(async () => {
    commitsSinceMove = 0;
    try {
      if ((await moveToLedger(opened().client)) > 0) moveAfter(0);
    } catch (error) {
      reply({ kind: "ledger_refused", message: messageOf(error) });
      moveAfter(RETRY_AFTER_REFUSAL_MS);
    }
  }, pauseMs);
}

function opened(): Database {
  if (database === undefined) throw new Error("the ledger is not open");
  return database;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function reply(answer: CommitReply): void {
  self.postMessage(answer);
}
