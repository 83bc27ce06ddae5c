/** Bodies of requests, within a limit, whatever length they announce. */

/** The largest body of most requests: a login, an event. */
export const MAX_BODY_BYTES = 16_384;

/** The largest body of codes that an event brings along; `event import-codes` takes more. */
export const MAX_CODES_BODY_BYTES = 8 * 1_024 * 1_024;

/** Codes are the one thing that is larger than the rest. */
const CODES_PATH = /^\/v1\/admin\/events\/[^/]+\/codes$/;

/** Whether the request announces a body that is larger than what its address takes. */
export function announcesTooMuch(request: Request): boolean {
  const bytes = Number(request.headers.get("content-length"));
  if (bytes <= MAX_BODY_BYTES) return false;
  return bytes > MAX_CODES_BODY_BYTES || !CODES_PATH.test(new URL(request.url).pathname);
}

/** The body as text; undefined when it is larger than `maxBytes`, of which no more is kept. */
export async function readText(request: Request, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The body as JSON; undefined for what is none, or too large. */
export async function readJson(request: Request): Promise<unknown> {
  const text = await readText(request, MAX_BODY_BYTES);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
