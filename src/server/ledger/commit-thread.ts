/** The HTTP thread's side of the thread that commits for the embedded engine. */
import type { DatabaseConfig } from "../../config.ts";
import { encodeRows } from "./insert.ts";
import type { IssuanceRow } from "./issuance.ts";

export type CommitRequest =
  | { readonly kind: "open"; readonly db: string; readonly dbToken: string | undefined }
  | { readonly kind: "insert"; readonly encodedRows: string }
  | { readonly kind: "close" };

export type CommitReply = { readonly ok: true } | { readonly ok: false; readonly message: string };

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** Sends one request after the other to the thread; replies come in the order of the requests. */
export class CommitThread {
  private readonly worker: Worker;
  private readonly waiters: Waiter[] = [];
  private failure: Error | undefined;

  private constructor(private readonly onDeath: (error: Error) => void) {
    this.worker = new Worker(new URL("./commit-worker.ts", import.meta.url));
    this.worker.onmessage = (message: MessageEvent<CommitReply>) => {
      const waiter = this.waiters.shift();
      if (message.data.ok) waiter?.resolve();
      else waiter?.reject(new Error(message.data.message));
    };
    this.worker.onerror = (event) =>
      this.fail(new Error(`the ledger thread died: ${event.message}`));
  }

  /**
   * Starts the thread and opens the ledger on it.
   *
   * @param onDeath told when the thread ends unasked: from then on nothing can be committed
   */
  static async open(
    config: DatabaseConfig,
    onDeath: (error: Error) => void,
  ): Promise<CommitThread> {
    const thread = new CommitThread(onDeath);
    try {
      await thread.send({ kind: "open", db: config.db, dbToken: config.dbToken });
    } catch (error) {
      thread.worker.terminate();
      throw error;
    }
    return thread;
  }

  /** Commits the rows, all or none. When it resolves they are on the disk. */
  insert(rows: readonly IssuanceRow[]): Promise<void> {
    return this.send({ kind: "insert", encodedRows: encodeRows(rows) });
  }

  async close(): Promise<void> {
    await this.send({ kind: "close" });
    this.worker.terminate();
  }

  private send(request: CommitRequest): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
      this.worker.postMessage(request);
    });
  }

  private fail(error: Error): void {
    this.failure = error;
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
    this.onDeath(error);
  }
}
