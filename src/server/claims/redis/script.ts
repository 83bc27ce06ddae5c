/** Runs a Lua script by its hash, and sends its text only to a Redis that does not have it. */
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

export interface Script {
  readonly text: string;
  readonly sha1: string;
}

/** A script from its text. */
export function script(text: string): Script {
  return { text, sha1: createHash("sha1").update(text).digest("hex") };
}

/** EVALSHA, then EVAL where Redis answers NOSCRIPT, which it does before anything was done. */
export async function runScript(
  client: Redis,
  { text, sha1 }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha1, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return await client.eval(text, keys.length, ...keys, ...args);
  }
}
