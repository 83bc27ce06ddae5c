/** The HTTP thread's side of the thread that commits for the embedded engine. */
import type { DatabaseConfig } from "../../config.ts";
import { waitAtMost } from "../deadline.ts";
import { encodeRows } from "./insert.ts";
import type { IssuanceRow } from "./issuance.ts";
import { type LastRanks, lastRanksOf } from "./outbox.ts";

export type CommitRequest =
  | { readonly kind: "open"; readonly db: string; readonly dbToken: string | undefined }
  | {
      readonly kind: "commit";
      readonly encodedRows: string;
      readonly rowCount: number;
      readonly lastRanks: LastRanks;
    }
  | { readonly kind: "ping" }
  | { readonly kind: "close" };

export type CommitReply =
  | { readonly kind: "done"; readonly drained: boolean }
  | { readonly kind: "failed"; readonly message: string }
  /** Unasked: the ledger contradicts these rows of the outbox, which stay there. */
  | { readonly kind: "contradiction"; readonly outboxIds: readonly number[] }
  /** Unasked: the outbox could not be moved now, and will be later. */
  | { readonly kind: "move_failed"; readonly message: string };

export interface CommitThreadEvents {
  /** The thread ended unasked: from now on nothing can be committed. */
  onDeath(error: Error): void;
  /** The ledger contradicts what was committed. Must never happen; report it loudly. */
  onContradiction(outboxIds: readonly number[]): void;
  /** The ledger lags; it is tried again. */
  onMoveFailure(message: string): void;
}

interface Waiter {
  resolve(drained: boolean): void;
  reject(error: Error): void;
}

/** Longer than any step of the thread, and short for whoever waits for the reason of a failed start. */
const ABANDON_TIMEOUT_MS = 3_000;

/** Sends one request after the other to the thread; replies come in the order of the requests. */
export class CommitThread {
  private readonly worker: Worker;
  private readonly waiters: Waiter[] = [];
  private failure: Error | undefined;

  /** Starts the thread, which loads its modules meanwhile. `open` must follow, or `abandon`. */
  constructor(private readonly events: CommitThreadEvents) {
    this.worker = new Worker(new URL("./commit-worker.ts", import.meta.url));
    this.worker.onmessage = (message: MessageEvent<CommitReply>) => this.receive(message.data);
    this.worker.onerror = (event) =>
      this.fail(new Error(`the ledger thread died: ${event.message}`));
  }

  /** Opens the ledger on the thread, and has it take over what the outbox holds. */
  async open(config: DatabaseConfig): Promise<void> {
    await this.send({ kind: "open", db: config.db, dbToken: config.dbToken });
  }

  /**
   * Ends the thread of a server that could not start. Not in the midst of a call into libSQL, which
   * Bun 1.4 answers by crashing: what the thread does is waited for.
   */
  async abandon(): Promise<void> {
    await waitAtMost(
      this.send({ kind: "close" }).catch(() => undefined),
      ABANDON_TIMEOUT_MS,
    );
    this.worker.terminate();
  }

  /** Commits the rows, all or none. When it resolves they are on the disk. */
  async commit(rows: readonly IssuanceRow[]): Promise<void> {
    await this.send({
      kind: "commit",
      encodedRows: encodeRows(rows),
      rowCount: rows.length,
      lastRanks: lastRanksOf(rows),
    });
  }

  /** Resolves when the thread answers. */
  async ping(): Promise<void> {
    await this.send({ kind: "ping" });
  }

  /** Brings everything to the ledger and ends the thread; false when the outbox keeps some of it. */
  async close(): Promise<boolean> {
    const drained = await this.send({ kind: "close" });
    this.worker.terminate();
    return drained;
  }

  private send(request: CommitRequest): Promise<boolean> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
      this.worker.postMessage(request);
    });
  }

  private receive(reply: CommitReply): void {
    switch (reply.kind) {
      case "done":
        this.waiters.shift()?.resolve(reply.drained);
        return;
      case "failed":
        this.waiters.shift()?.reject(new Error(reply.message));
        return;
      case "contradiction":
        this.events.onContradiction(reply.outboxIds);
        return;
      case "move_failed":
        this.events.onMoveFailure(reply.message);
    }
  }

  private fail(error: Error): void {
    this.failure = error;
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
    this.events.onDeath(error);
  }
}
