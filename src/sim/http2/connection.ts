/**
 * A client's HTTP/2 connection that carries many requests at a time, prepared beforehand as frames.
 * Written by hand for its price: a turn's requests are one write, and nothing is allocated for a
 * request but the text of its answer. A connection that is lost opens itself again.
 */
import { Link, type LinkEvents } from "../link.ts";
import type { Network } from "../network/network.ts";
import type { Connection, ConnectionEvents, ConnectionLimits, Target } from "../transport.ts";
import { MAX_UNWRITTEN_BYTES } from "../write-buffer.ts";
import { ConnectionError } from "./frame-reader.ts";
import { DEFAULT_WINDOW_BYTES } from "./frames.ts";
import { Session } from "./session.ts";
import { MAX_STREAM_ID } from "./stream-table.ts";
import type { StreamLimits } from "./streams.ts";

/** `streams` are the requests in flight at most; fewer, if the server says so. */
export type Http2Limits = ConnectionLimits & Pick<StreamLimits, "streams"> & Partial<StreamLimits>;

export class Http2Connection implements Connection, LinkEvents {
  readonly #limits: ConnectionLimits & StreamLimits;
  readonly #events: ConnectionEvents;
  readonly #link: Link;
  #session: Session;
  /** The socket has not taken all: it will say when it does. */
  #isBlocked = false;
  /** When the server was last heard of. */
  #receivedAtMs = 0;

  constructor(network: Network, target: Target, limits: Http2Limits, events: ConnectionEvents) {
    this.#limits = {
      streamWindowBytes: DEFAULT_WINDOW_BYTES,
      lastStreamId: MAX_STREAM_ID,
      ...limits,
    };
    this.#events = events;
    this.#link = new Link(network, target, limits, "h2", this);
    this.#session = new Session(this.#limits, events);
  }

  open(): Promise<void> {
    return this.#link.open();
  }

  get room(): number {
    return this.#link.isEstablished ? this.#session.room : 0;
  }

  send(bytes: Uint8Array, start: number, end: number, tag: number, nowMs: number): void {
    if (this.room === 0) throw new Error("a request was sent on a connection without room");
    this.#session.streams.open(bytes, start, end, tag, nowMs);
  }

  flush(): void {
    const { out } = this.#session;
    if (this.#isBlocked || out.length === 0) return;
    out.drainTo(this.#link);
    this.#isBlocked = out.length > 0;
  }

  expire(nowMs: number): void {
    const untilMs = nowMs - this.#limits.requestTimeoutMs;
    const { streams } = this.#session;
    if (!streams.hasLate(untilMs)) this.#link.expire(nowMs);
    // Nothing at all came meanwhile: the connection is dead, not one of its streams slow.
    else if (this.#receivedAtMs <= untilMs) this.#link.lose("no answer in time");
    else {
      streams.resetLate(untilMs, "no answer in time");
      this.#endTurn();
    }
  }

  close(): void {
    this.#link.close();
  }

  opened(): void {
    this.#session.begin();
    this.flush();
  }

  drained(): void {
    this.#isBlocked = false;
    this.flush();
  }

  /** Nothing to do: an answer is whole when its stream says so. */
  finished(): void {}

  lost(reason: string, wasEstablished: boolean): void {
    const { streams } = this.#session;
    this.#session = new Session(this.#limits, this.#events);
    this.#isBlocked = false;
    if (wasEstablished) this.#events.lost();
    streams.abandonAbove(0, reason);
  }

  received(chunk: Buffer): void {
    this.#receivedAtMs = performance.now();
    const session = this.#session;
    try {
      session.receive(chunk);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.flush();
      const reason = `HTTP/2: ${error.message}`;
      this.#link.lose(session.isSettled ? reason : "the server does not speak HTTP/2");
      return;
    }
    if (session.isSettled) this.#link.establish();
    this.#endTurn();
  }

  /** After frames or time-outs: room is told, and what is to be written goes out. */
  #endTurn(): void {
    const session = this.#session;
    if (session.isEnding && session.streams.count === 0) {
      this.#link.lose("the server went away");
      return;
    }
    if (this.room > 0) this.#events.ready();
    this.flush();
    if (session.out.length > MAX_UNWRITTEN_BYTES) this.#link.lose("the server does not read");
  }
}
