/**
 * A keep-alive HTTP/1.1 connection: prepared bytes out, parsed answers in. It carries one request at
 * a time, or several if it was asked to pipeline (RFC 9112, section 9.3.2). A connection that is
 * lost opens itself again.
 */
import { InFlight } from "./http1-in-flight.ts";
import { Http1Parser, type ParseResult } from "./http1-parser.ts";
import { Link, type LinkEvents } from "./link.ts";
import type { Network } from "./network/network.ts";
import type { Connection, ConnectionEvents, ConnectionLimits, Target } from "./transport.ts";
import { WriteBuffer } from "./write-buffer.ts";

const UNASKED = "an answer came without a request";

/** `pipeline` are the requests in flight at most. */
export type Http1Limits = ConnectionLimits & { readonly pipeline: number };

export class Http1Connection implements Connection, LinkEvents {
  readonly #limits: Http1Limits;
  readonly #events: ConnectionEvents;
  readonly #link: Link;
  #parser = new Http1Parser();
  /** In the order in which they are answered. */
  #inFlight: InFlight;
  /** What is to be written; without pipelining, only what the socket did not take at once. */
  #out: WriteBuffer | undefined;
  /** The socket has not taken all: it will say when it does. */
  #isBlocked = false;

  constructor(network: Network, target: Target, limits: Http1Limits, events: ConnectionEvents) {
    this.#limits = limits;
    this.#events = events;
    this.#inFlight = new InFlight(limits.pipeline);
    this.#link = new Link(network, target, limits, "http/1.1", this);
  }

  open(): Promise<void> {
    return this.#link.open();
  }

  get room(): number {
    return this.#link.isEstablished ? this.#inFlight.room : 0;
  }

  send(bytes: Uint8Array, start: number, end: number, tag: number, nowMs: number): void {
    if (this.room === 0) throw new Error("a request was sent on a connection without room");
    this.#inFlight.add(tag, nowMs);
    let at = start;
    // The one request of a turn needs no gathering.
    if (this.#limits.pipeline === 1) at += this.#link.write(bytes, start, end - start);
    if (at === end) return;
    this.#isBlocked ||= this.#limits.pipeline === 1;
    this.#out ??= new WriteBuffer();
    this.#out.append(bytes, at, end);
  }

  flush(): void {
    if (this.#out === undefined || this.#out.length === 0 || this.#isBlocked) return;
    this.#out.drainTo(this.#link);
    this.#isBlocked = this.#out.length > 0;
  }

  expire(nowMs: number): void {
    const isLate = nowMs >= this.#inFlight.sentAtMs + this.#limits.requestTimeoutMs;
    if (isLate) this.#link.lose("no answer in time");
    else this.#link.expire(nowMs);
  }

  close(): void {
    this.#link.close();
  }

  opened(): void {
    this.#link.establish();
    this.#becomeReady();
  }

  lost(reason: string, wasEstablished: boolean): void {
    const unanswered = this.#inFlight;
    this.#inFlight = new InFlight(this.#limits.pipeline);
    this.#parser = new Http1Parser();
    this.#out = undefined;
    this.#isBlocked = false;
    if (wasEstablished) this.#events.lost();
    for (; unanswered.count > 0; unanswered.shift()) {
      this.#events.unanswered(unanswered.tag, reason, unanswered.sentAtMs);
    }
  }

  received(chunk: Buffer): void {
    const parser = this.#parser;
    for (let result = parser.feed(chunk); result.kind !== "incomplete"; result = parser.next()) {
      if (!this.#take(result)) return;
    }
    if (this.#inFlight.count === 0 && parser.isUnderWay) this.#link.lose(UNASKED);
    else this.#becomeReady();
  }

  finished(): void {
    const result = this.#parser.close();
    if (result.kind !== "incomplete") this.#take(result);
  }

  /** Returns whether the connection goes on. */
  #take(result: Exclude<ParseResult, { kind: "incomplete" }>): boolean {
    if (result.kind === "malformed" || this.#inFlight.count === 0) {
      const isMalformed = result.kind === "malformed";
      this.#link.lose(isMalformed ? `a malformed answer: ${result.reason}` : UNASKED);
      return false;
    }
    const { tag, sentAtMs } = this.#inFlight;
    this.#inFlight.shift();
    this.#events.answered(tag, result.status, result.body, sentAtMs);
    if (!this.#link.isEstablished) return false;
    // An answer that came before the whole request was taken leaves the connection unusable.
    const isEarly = this.#inFlight.count === 0 && this.#isBlocked;
    if (result.keepAlive && !isEarly) return true;
    this.#link.lose("the server closes");
    return false;
  }

  drained(): void {
    this.#isBlocked = false;
    this.flush();
  }

  #becomeReady(): void {
    if (this.room > 0) this.#events.ready();
    this.flush();
  }
}
