/**
 * The thread that commits for the embedded engine. A call into a local libSQL file blocks its
 * thread until the disk has the data, so it must not be the one that serves HTTP.
 *
 * Commits append to the outbox; what they appended moves to the ledger when no commit has come for
 * a moment, or after each commit while too much waits.
 */
import { type Database, openDatabase } from "../database.ts";
import type { CommitReply, CommitRequest } from "./commit-thread.ts";
import { appendToOutbox, moveToLedger } from "./outbox.ts";

/** After this long without a commit the rush is over or has a gap. */
const IDLE_BEFORE_MOVE_MS = 20;
/** With more issuances than this in the outbox, each commit is followed by a move. */
const MAX_WAITING_ROWS = 200_000;
/** The pause after a move that failed, because another process writes or the disk is full. */
const RETRY_AFTER_FAILURE_MS = 1_000;

declare const self: Worker;

let database: Database | undefined;
/** Issuances appended by this process and not yet taken: what an earlier one left is moved anyway. */
let waitingRows = 0;
let moveTimer: Timer | undefined;

self.onmessage = async (message: MessageEvent<CommitRequest>) => {
  try {
    const drained = await handle(message.data);
    reply({ kind: "done", drained });
  } catch (error) {
    reply({ kind: "failed", message: messageOf(error) });
  }
  if (waitingRows > MAX_WAITING_ROWS) await moveStep();
};

/** Resolves to false when the outbox was to be emptied and could not be. */
async function handle(request: CommitRequest): Promise<boolean> {
  switch (request.kind) {
    case "open":
      database = await openDatabase(request.db, request.dbToken);
      moveAfter(0);
      return true;
    case "commit":
      await appendToOutbox(opened(), request.encodedRows, request.lastRanks);
      waitingRows += request.rowCount;
      moveAfter(IDLE_BEFORE_MOVE_MS);
      return true;
    case "ping":
      return true;
    case "close": {
      if (database === undefined) return true;
      clearTimeout(moveTimer);
      let step = await moveStep();
      while (step === "moved") step = await moveStep();
      opened().close();
      return step === "empty";
    }
  }
}

/** Moves one step after a pause; a commit in between begins the pause anew. */
function moveAfter(pauseMs: number): void {
  clearTimeout(moveTimer);
  moveTimer = setTimeout(async () => {
    const step = await moveStep();
    if (step === "moved") moveAfter(0);
    if (step === "failed") moveAfter(RETRY_AFTER_FAILURE_MS);
  }, pauseMs);
}

/** One step of the outbox to the ledger. Reports what goes wrong; nothing of it loses anything. */
async function moveStep(): Promise<"moved" | "empty" | "failed"> {
  try {
    const { taken, refusedIds } = await moveToLedger(opened());
    waitingRows = taken === 0 ? 0 : Math.max(0, waitingRows - taken);
    if (refusedIds.length > 0) reply({ kind: "contradiction", outboxIds: refusedIds });
    return taken === 0 ? "empty" : "moved";
  } catch (error) {
    reply({ kind: "move_failed", message: messageOf(error) });
    return "failed";
  }
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
