/**
 * The thread that writes refusals. A call into a local libSQL file blocks its thread, so it must not
 * be the one that serves HTTP, nor the one on whose commits claims wait.
 */
import { type Database, openDatabase } from "../database.ts";
import type { RefusalReply, RefusalRequest } from "./refusal-thread.ts";
import { mergeRefusals } from "./store.ts";

declare const self: Worker;

let database: Database | undefined;

self.onmessage = async ({ data: request }: MessageEvent<RefusalRequest>) => {
  let failure: string | undefined;
  try {
    if (request.kind === "close") database?.close();
    else {
      database ??= await openDatabase(request.db, request.dbToken, { create: false });
      await mergeRefusals(database, request.encoded);
    }
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  self.postMessage({ failure } satisfies RefusalReply);
};
