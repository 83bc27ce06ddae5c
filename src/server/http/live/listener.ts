/** One listener of a live feed: a response that stays open. */
import type { LiveFeed } from "./feed.ts";

const encoder = new TextEncoder();
/** A comment, which EventSource ignores: it keeps proxies and idle timeouts from ending the line. */
const HEARTBEAT = encoder.encode(": \n\n");

export class Listener {
  /** The version of the feed's snapshot that was sent last; 0 for none. */
  sentVersion = 0;
  /** The heartbeat that was sent last, or that a snapshot stood for. */
  sentBeat = 0;
  /** Its place among all listeners. */
  place = -1;
  readonly body: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  /**
   * @param maxUnreadBytes what may wait here beyond what the kernel's socket buffer takes
   * @param events `gone` when the client has left, `dropped` when it was sent away
   */
  constructor(
    readonly feed: LiveFeed,
    maxUnreadBytes: number,
    private readonly events: { readonly gone: () => void; readonly dropped: () => void },
  ) {
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: events.gone,
      },
      new ByteLengthQueuingStrategy({ highWaterMark: maxUnreadBytes }),
    );
  }

  /** Sends bytes that many listeners share. False when so much is unread that it must be dropped. */
  send(bytes: Uint8Array): boolean {
    const controller = this.#controller;
    if (controller === undefined || (controller.desiredSize ?? 0) < bytes.length) return false;
    controller.enqueue(bytes);
    return true;
  }

  sendText(text: string): boolean {
    return this.send(encoder.encode(text));
  }

  heartbeat(): boolean {
    return this.send(HEARTBEAT);
  }

  /** Ends the answer in order: the client will come again after its retry time. */
  end(): void {
    this.#controller?.close();
    this.#controller = undefined;
  }

  /** Ends the answer of a client that reads too slowly; what it has not read may still reach it. */
  drop(): void {
    this.end();
    this.events.dropped();
  }
}
