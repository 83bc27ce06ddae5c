/**
 * A keep-alive HTTP/1.1 connection that carries one request at a time, on a raw socket: prepared
 * bytes out, parsed answer in. A connection that is lost opens itself again.
 */
import type { Socket } from "bun";
import { Http1Parser } from "./http1-parser.ts";

export interface Target {
  readonly hostname: string;
  readonly port: number;
}

export interface ConnectionLimits {
  readonly connectTimeoutMs: number;
  /** From sending the request until its answer is whole. */
  readonly requestTimeoutMs: number;
  /** The pause after an attempt to connect that failed. */
  readonly reconnectDelayMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  connectTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  reconnectDelayMs: 100,
};

/** Told in the order in which things happen, never from within `send`. */
export interface ConnectionEvents {
  /** The request in flight was answered. */
  answered(status: number, body: string): void;
  /** The request in flight will have no answer; the reason is for the report. */
  unanswered(reason: string): void;
  /** The connection can take a request again, after it was answered or opened. */
  ready(): void;
  /** The connection, which was open, was lost or given up. It will open itself again. */
  lost(): void;
}

type State = "connecting" | "ready" | "busy" | "waiting" | "closed";

export class Http1Connection {
  readonly #target: Target;
  readonly #limits: ConnectionLimits;
  readonly #events: ConnectionEvents;
  #state: State = "closed";
  #socket: Socket<Http1Connection> | undefined;
  #parser = new Http1Parser();
  /** What the socket's buffer has not yet taken of the request in flight. */
  #unwritten: Uint8Array | undefined;
  /** When the present attempt to connect, or the request in flight, has taken too long. */
  #deadlineMs = Number.POSITIVE_INFINITY;
  #firstOpening: PromiseWithResolvers<void> | undefined;
  #reconnectTimer: Timer | undefined;
  /** Tells the present attempt to connect from one that was given up. */
  #attempt = 0;

  constructor(target: Target, limits: ConnectionLimits, events: ConnectionEvents) {
    this.#target = target;
    this.#limits = limits;
    this.#events = events;
  }

  /** Opens the connection for the first time. Rejects when that fails; there is no second attempt. */
  async open(): Promise<void> {
    this.#firstOpening = Promise.withResolvers();
    this.#connect();
    await this.#firstOpening.promise;
  }

  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** Sends these bytes of a request; only while `isReady`. */
  send(bytes: Uint8Array, offset: number, length: number): void {
    if (this.#state !== "ready" || this.#socket === undefined) {
      throw new Error("a request was sent on a connection that is not ready");
    }
    this.#state = "busy";
    this.#deadlineMs = performance.now() + this.#limits.requestTimeoutMs;
    const written = Math.max(0, this.#socket.write(bytes, offset, length));
    if (written < length) this.#unwritten = bytes.subarray(offset + written, offset + length);
  }

  /** Gives up what has taken longer than its limit. To be called now and then. */
  expire(nowMs: number): void {
    if (nowMs < this.#deadlineMs) return;
    this.#lose(this.#state === "busy" ? "no answer in time" : "no connection in time");
  }

  /** Closes for good, without a word. */
  close(): void {
    this.#state = "closed";
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    clearTimeout(this.#reconnectTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
  }

  #connect(): void {
    this.#state = "connecting";
    this.#deadlineMs = performance.now() + this.#limits.connectTimeoutMs;
    this.#attempt++;
    const attempt = this.#attempt;
    Bun.connect<Http1Connection>({ ...this.#target, data: this, socket: HANDLERS }).catch(() => {
      if (this.#attempt === attempt && this.#state === "connecting") {
        this.#lose("the connection was refused");
      }
    });
  }

  #lose(reason: string): void {
    const wasBusy = this.#state === "busy";
    const refused = this.#state === "connecting";
    this.close();
    if (this.#firstOpening !== undefined) {
      this.#firstOpening.reject(new Error(reason));
      return;
    }
    this.#parser = new Http1Parser();
    this.#unwritten = undefined;
    this.#state = "waiting";
    const delayMs = refused ? this.#limits.reconnectDelayMs : 0;
    this.#reconnectTimer = setTimeout(() => this.#connect(), delayMs);
    if (!refused) this.#events.lost();
    if (wasBusy) this.#events.unanswered(reason);
  }

  /** The socket's handlers, one set for all connections. A socket that was given up is ignored. */
  static handlers(): Bun.SocketHandler<Http1Connection> {
    return {
      open: (socket) => socket.data.#opened(socket),
      data: (socket, chunk) => {
        if (socket === socket.data.#socket) socket.data.#received(chunk);
      },
      drain: (socket) => {
        if (socket === socket.data.#socket) socket.data.#drained(socket);
      },
      close: (socket) => {
        if (socket === socket.data.#socket) socket.data.#lose("the connection was lost");
      },
      error: (socket) => {
        if (socket === socket.data.#socket) socket.data.#lose("the connection failed");
      },
    };
  }

  #opened(socket: Socket<Http1Connection>): void {
    // An attempt that was given up, or that the run's end overtook, may still succeed.
    if (this.#state !== "connecting") {
      socket.terminate();
      return;
    }
    socket.setNoDelay(true);
    this.#socket = socket;
    this.#becomeReady();
    this.#firstOpening?.resolve();
    this.#firstOpening = undefined;
  }

  #becomeReady(): void {
    this.#state = "ready";
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    this.#events.ready();
  }

  #received(chunk: Buffer): void {
    if (this.#state !== "busy") {
      this.#lose("an answer came without a request");
      return;
    }
    const result = this.#parser.feed(chunk);
    if (result.kind === "incomplete") return;
    if (result.kind === "malformed") {
      this.#lose(`a malformed answer: ${result.reason}`);
      return;
    }
    this.#state = "ready";
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    this.#events.answered(result.status, result.body);
    if (!this.isReady) return;
    // An answer that came before the whole request was taken leaves the connection unusable.
    if (!result.keepAlive || this.#unwritten !== undefined) this.#lose("the server closes");
    else this.#events.ready();
  }

  #drained(socket: Socket<Http1Connection>): void {
    if (this.#unwritten === undefined) return;
    const written = Math.max(0, socket.write(this.#unwritten));
    this.#unwritten =
      written < this.#unwritten.length ? this.#unwritten.subarray(written) : undefined;
  }
}

const HANDLERS = Http1Connection.handlers();
