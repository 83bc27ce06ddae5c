/** The HTTP thread's side of the thread that writes refusals. */
import type { DatabaseConfig } from "../../config.ts";
import { waitAtMost } from "../deadline.ts";
import type { Refusal } from "./refusal.ts";
import { encodeRefusals } from "./store.ts";

const CLOSE_TIMEOUT_MS = 3_000;

export type RefusalRequest =
  | {
      readonly kind: "write";
      readonly db: string;
      readonly dbToken: string | undefined;
      readonly encoded: string;
    }
  | { readonly kind: "close" };

/** The answer to each request, in their order. */
export interface RefusalReply {
  readonly failure: string | undefined;
}

/** Starts with the first write: a server that refuses nobody has no such thread. */
export class RefusalThread {
  private worker: Worker | undefined;
  private readonly waiting: PromiseWithResolvers<void>[] = [];

  constructor(private readonly config: DatabaseConfig) {}

  /** Resolves when they are in the table. @throws when they could not be written; none is then */
  async write(refusals: readonly Refusal[]): Promise<void> {
    const { db, dbToken } = this.config;
    await this.send({ kind: "write", db, dbToken, encoded: encodeRefusals(refusals) });
  }

  /** Ends the thread, after what it was asked to write, if that does not take too long. */
  async close(): Promise<void> {
    if (this.worker === undefined) return;
    const closed = this.send({ kind: "close" }).catch(() => undefined);
    await waitAtMost(closed, CLOSE_TIMEOUT_MS);
    this.worker?.terminate();
    this.worker = undefined;
  }

  private send(request: RefusalRequest): Promise<void> {
    this.worker ??= this.start();
    const done = Promise.withResolvers<void>();
    this.waiting.push(done);
    this.worker.postMessage(request);
    return done.promise;
  }

  private start(): Worker {
    const worker = new Worker(new URL("./refusal-worker.ts", import.meta.url));
    worker.onmessage = ({ data: { failure } }: MessageEvent<RefusalReply>) => {
      const done = this.waiting.shift();
      if (failure === undefined) done?.resolve();
      else done?.reject(new Error(failure));
    };
    // A thread that died is started anew by the next write.
    worker.onerror = (event) => {
      this.worker = undefined;
      const error = new Error(`the thread of refusals died: ${event.message}`);
      for (const done of this.waiting.splice(0)) done.reject(error);
    };
    worker.unref();
    return worker;
  }
}
