/**
 * Listens to a server's live feed (server-sent events), and comes again whenever the line breaks,
 * after a pause that grows with every failure in a row.
 */
import { createParser } from "eventsource-parser";
import { CliError, EXIT } from "../../exit-codes.ts";
import { type LiveSnapshot, liveSnapshotSchema } from "../../server/http/live-schema.ts";

/** Three heartbeats of the server: a line that is silent for longer is dead. */
const SILENCE_LIMIT_MS = 45_000;
const CONNECT_TIMEOUT_MS = 10_000;
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;
/** A snapshot has less than a thousand bytes. */
const MAX_MESSAGE_BYTES = 65_536;

/** How the line to the server stands. */
export type LineState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** `retryAtMs` by performance.now(). */
  | { readonly kind: "lost"; readonly reason: string; readonly retryAtMs: number };

export interface FeedObserver {
  snapshot(snapshot: LiveSnapshot): void;
  line(state: LineState): void;
}

/** Why listening ended, where another attempt makes sense. */
class LineLostError extends Error {}

/**
 * Listens until `signal` is aborted.
 *
 * @throws CliError when the server cannot be reached at first, is none of ours, or does not know the
 * event
 */
export async function followFeed(
  url: URL,
  eventId: string,
  observer: FeedObserver,
  signal: AbortSignal,
): Promise<void> {
  const feed = new URL(`/v1/events/${encodeURIComponent(eventId)}/live`, url);
  const line = new Line(feed, eventId, observer);
  let failures = 0;
  while (!signal.aborted) {
    observer.line({ kind: "connecting" });
    try {
      await line.listen(signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof LineLostError)) throw error;
      if (line.hasListened) failures = 0;
      const pauseMs = retryPauseMs(failures++);
      const retryAtMs = performance.now() + pauseMs;
      observer.line({ kind: "lost", reason: error.message, retryAtMs });
      await sleep(pauseMs, signal);
    }
  }
}

/** Doubles with each failure in a row, and is spread, so that not all come again in one moment. */
export function retryPauseMs(failures: number, random = Math.random()): number {
  const fullMs = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** failures);
  return Math.round(fullMs * (0.5 + random / 2));
}

class Line {
  /** The last attempt got as far as a snapshot. */
  hasListened = false;
  #everListened = false;
  #lastEventId: string | undefined;

  constructor(
    private readonly feed: URL,
    private readonly eventId: string,
    private readonly observer: FeedObserver,
  ) {}

  /** One attempt; ends only by an error. */
  async listen(signal: AbortSignal): Promise<never> {
    this.hasListened = false;
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), CONNECT_TIMEOUT_MS);
    try {
      const response = await this.#open(AbortSignal.any([signal, silence.signal]));
      const parser = createParser({
        maxBufferSize: MAX_MESSAGE_BYTES,
        onEvent: ({ id, data }) => this.#take(id, data),
      });
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS);
        parser.feed(decoder.decode(chunk, { stream: true }));
      }
      throw new LineLostError("the server ended it");
    } catch (error) {
      if (error instanceof CliError || error instanceof LineLostError) throw error;
      throw this.#lost(silence.signal.aborted ? "the server was silent" : "it broke");
    } finally {
      clearTimeout(timer);
    }
  }

  async #open(signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (this.#lastEventId !== undefined) headers["last-event-id"] = this.#lastEventId;
    let response: Response;
    try {
      response = await fetch(this.feed, { headers, signal, timeout: false });
    } catch {
      throw this.#lost(`the server at ${this.feed.origin} does not answer`);
    }
    if (response.status === 503) throw new LineLostError("the server cannot tell now (503)");
    if (response.headers.get("content-type")?.startsWith("text/event-stream") === true) {
      return response;
    }
    if (response.status === 404 && (await codeOf(response)) === "unknown_event") {
      throw new CliError(
        `the server at ${this.feed.origin} does not know the event ${this.eventId}: see \`couponlive event list\``,
        EXIT.failed,
      );
    }
    throw new CliError(
      `what answers at ${this.feed.origin} (${response.status}) is no couponlive with a live feed: is --url right?`,
      EXIT.failed,
    );
  }

  /** The first attempt of all tells a mistake; later ones an interruption. */
  #lost(reason: string): Error {
    if (this.#everListened) return new LineLostError(reason);
    return new CliError(`${reason}: is it up, and is --url right?`, EXIT.failed);
  }

  #take(id: string | undefined, data: string): void {
    const snapshot = liveSnapshotSchema.safeParse(parseJson(data));
    if (!snapshot.success) {
      throw new CliError(
        `the server at ${this.feed.origin} tells what this couponlive does not understand: use the same version`,
        EXIT.failed,
      );
    }
    this.#lastEventId = id;
    if (!this.hasListened) this.observer.line({ kind: "live" });
    this.hasListened = true;
    this.#everListened = true;
    this.observer.snapshot(snapshot.data);
  }
}

async function codeOf(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === "object" && body !== null && "code" in body ? body.code : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
