/**
 * A TCP or TLS connection, below the HTTP that is spoken on it. One that is lost opens itself again;
 * what was under way on it is the protocol's to mourn.
 */
import { isIP } from "node:net";
import type { Socket } from "bun";
import type { ConnectionLimits, Target } from "./transport.ts";

/** The protocol, as the link sees it. */
export interface LinkEvents {
  /** There is a socket. The protocol calls `establish` once it can take requests. */
  opened(): void;
  /** The chunk's memory is the socket's: what must outlive the call has to be copied. */
  received(chunk: Buffer): void;
  /** The socket, which did not take all bytes, takes some again. */
  drained(): void;
  /** The link was lost, and will open itself again. */
  lost(reason: string, wasEstablished: boolean): void;
}

type State = "connecting" | "opened" | "established" | "waiting" | "closed";

export class Link {
  readonly #target: Target;
  readonly #limits: ConnectionLimits;
  /** The protocol's name in TLS (RFC 7301). */
  readonly #protocol: string;
  readonly #events: LinkEvents;
  #state: State = "closed";
  #socket: Socket<Link> | undefined;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #firstOpening: PromiseWithResolvers<void> | undefined;
  #reconnectTimer: Timer | undefined;
  /** Tells the present attempt to connect from one that was given up. */
  #attempt = 0;

  constructor(target: Target, limits: ConnectionLimits, protocol: string, events: LinkEvents) {
    this.#target = target;
    this.#limits = limits;
    this.#protocol = protocol;
    this.#events = events;
  }

  /** Opens the link for the first time, until it is established. There is no second attempt. */
  async open(): Promise<void> {
    this.#firstOpening = Promise.withResolvers();
    this.#connect();
    await this.#firstOpening.promise;
  }

  get isEstablished(): boolean {
    return this.#state === "established";
  }

  /** The protocol can take requests from here on. To be called once or more. */
  establish(): void {
    if (this.#state !== "opened") return;
    this.#state = "established";
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    this.#firstOpening?.resolve();
    this.#firstOpening = undefined;
  }

  /** Returns how many of the bytes the socket took; `drained` follows where it was not all. */
  write(bytes: Uint8Array, offset: number, length: number): number {
    return Math.max(0, this.#socket?.write(bytes, offset, length) ?? 0);
  }

  /** Gives the link up, and opens it again: after a pause, if it was never established. */
  lose(reason: string): void {
    if (this.#state === "closed") return;
    const wasEstablished = this.isEstablished;
    this.close();
    if (this.#firstOpening !== undefined) {
      this.#firstOpening.reject(new Error(reason));
      return;
    }
    this.#state = "waiting";
    const delayMs = wasEstablished ? 0 : this.#limits.reconnectDelayMs;
    this.#reconnectTimer = setTimeout(() => this.#connect(), delayMs);
    this.#events.lost(reason, wasEstablished);
  }

  /** Gives up an attempt that takes too long. */
  expire(nowMs: number): void {
    if (nowMs >= this.#deadlineMs) this.lose("no connection in time");
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
    const { hostname, port, tls } = this.#target;
    const options = { hostname, port, data: this, socket: HANDLERS };
    const connecting =
      tls === undefined
        ? Bun.connect<Link>(options)
        : Bun.connect<Link>({ ...options, tls: this.#tlsOptions(tls.insecure) });
    connecting.catch(() => {
      if (this.#attempt === attempt && this.#state === "connecting") {
        this.lose("the connection was refused");
      }
    });
  }

  #tlsOptions(insecure: boolean): Bun.TLSOptions {
    const { hostname } = this.#target;
    const name = Buffer.from(this.#protocol, "latin1");
    return {
      rejectUnauthorized: !insecure,
      ALPNProtocols: Buffer.concat([Buffer.from([name.length]), name]),
      ...(isIP(hostname) === 0 ? { serverName: hostname } : {}),
    };
  }

  /** The socket's handlers, one set for all links. A socket that was given up is ignored. */
  static handlers(): Bun.SocketHandler<Link> {
    return {
      open: (socket) => socket.data.#connected(socket),
      handshake: (socket, _success, error) => {
        if (socket === socket.data.#socket) socket.data.#shookHands(socket, error);
      },
      data: (socket, chunk) => {
        if (socket === socket.data.#socket) socket.data.#events.received(chunk);
      },
      drain: (socket) => {
        if (socket === socket.data.#socket) socket.data.#events.drained();
      },
      close: (socket) => {
        if (socket === socket.data.#socket) socket.data.lose("the connection was lost");
      },
      error: (socket) => {
        if (socket === socket.data.#socket) socket.data.lose("the connection failed");
      },
    };
  }

  #connected(socket: Socket<Link>): void {
    // An attempt that was given up, or that the run's end overtook, may still succeed.
    if (this.#state !== "connecting") {
      socket.terminate();
      return;
    }
    socket.setNoDelay(true);
    this.#socket = socket;
    if (this.#target.tls === undefined) this.#becomeOpen();
  }

  /** The certificate was checked by the socket; without `insecure` an error ends the attempt. */
  #shookHands(socket: Socket<Link>, error: Error | null): void {
    if (this.#target.tls === undefined || this.#state !== "connecting") return;
    if (error !== null && !this.#target.tls.insecure) {
      this.lose(`the server's certificate is not trusted (${error.message})`);
    } else if (this.#protocol === "h2" && socket.alpnProtocol !== "h2") {
      this.lose("the server does not offer HTTP/2");
    } else this.#becomeOpen();
  }

  #becomeOpen(): void {
    this.#state = "opened";
    this.#events.opened();
  }
}

const HANDLERS = Link.handlers();
