/**
 * A keep-alive HTTP/1.1 connection that carries one request at a time: prepared bytes out, parsed
 * answer in. A connection that is lost opens itself again.
 */
import { Http1Parser } from "./http1-parser.ts";
import { Link, type LinkEvents } from "./link.ts";
import type { Network } from "./network/network.ts";
import type { Connection, ConnectionEvents, ConnectionLimits, Target } from "./transport.ts";

/** No request is in flight. */
const NONE = -1;

export class Http1Connection implements Connection, LinkEvents {
  readonly #limits: ConnectionLimits;
  readonly #events: ConnectionEvents;
  readonly #link: Link;
  #parser = new Http1Parser();
  /** The tag of the request in flight. */
  #tag = NONE;
  #sentAtMs = 0;
  /** What the socket's buffer has not yet taken of the request in flight. */
  #unwritten: Uint8Array | undefined;

  constructor(
    network: Network,
    target: Target,
    limits: ConnectionLimits,
    events: ConnectionEvents,
  ) {
    this.#limits = limits;
    this.#events = events;
    this.#link = new Link(network, target, limits, "http/1.1", this);
  }

  open(): Promise<void> {
    return this.#link.open();
  }

  get room(): number {
    return this.#tag === NONE && this.#link.isEstablished ? 1 : 0;
  }

  send(bytes: Uint8Array, start: number, end: number, tag: number, nowMs: number): void {
    if (this.room === 0) throw new Error("a request was sent on a connection without room");
    this.#tag = tag;
    this.#sentAtMs = nowMs;
    const written = this.#link.write(bytes, start, end - start);
    if (written < end - start) this.#unwritten = bytes.subarray(start + written, end);
  }

  /** Nothing to do: a request is written when it is sent, since only one is in flight. */
  flush(): void {}

  expire(nowMs: number): void {
    const isLate = nowMs >= this.#sentAtMs + this.#limits.requestTimeoutMs;
    if (this.#tag !== NONE && isLate) this.#link.lose("no answer in time");
    else this.#link.expire(nowMs);
  }

  close(): void {
    this.#link.close();
  }

  opened(): void {
    this.#link.establish();
    this.#events.ready();
  }

  lost(reason: string, wasEstablished: boolean): void {
    const tag = this.#tag;
    this.#tag = NONE;
    this.#parser = new Http1Parser();
    this.#unwritten = undefined;
    if (wasEstablished) this.#events.lost();
    if (tag !== NONE) this.#events.unanswered(tag, reason, this.#sentAtMs);
  }

  received(chunk: Buffer): void {
    if (this.#tag === NONE) {
      this.#link.lose("an answer came without a request");
      return;
    }
    const result = this.#parser.feed(chunk);
    if (result.kind === "incomplete") return;
    if (result.kind === "malformed") {
      this.#link.lose(`a malformed answer: ${result.reason}`);
      return;
    }
    const tag = this.#tag;
    this.#tag = NONE;
    this.#events.answered(tag, result.status, result.body, this.#sentAtMs);
    if (!this.#link.isEstablished) return;
    // An answer that came before the whole request was taken leaves the connection unusable.
    if (!result.keepAlive || this.#unwritten !== undefined) this.#link.lose("the server closes");
    else this.#events.ready();
  }

  drained(): void {
    if (this.#unwritten === undefined) return;
    const written = this.#link.write(this.#unwritten, 0, this.#unwritten.length);
    this.#unwritten =
      written < this.#unwritten.length ? this.#unwritten.subarray(written) : undefined;
  }
}
