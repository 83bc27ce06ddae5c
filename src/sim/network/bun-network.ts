/** Sockets of Bun's own: on every system, with TLS and without. */
import { isIP } from "node:net";
import type { Socket } from "bun";
import type { Target } from "../transport.ts";
import type { Network, Wire, WireEvents } from "./network.ts";

const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));

export class BunNetwork implements Network {
  readonly needsEventLoop = true;

  dial(target: Target, protocol: string, events: WireEvents): Wire {
    return new BunWire(target, protocol, events);
  }

  collect(): void {}

  nap(ms: number): void {
    Atomics.wait(NEVER_WOKEN, 0, 0, ms);
  }

  rest(waitMs: number, then: () => void): void {
    setTimeout(then, waitMs);
  }

  close(): void {}
}

class BunWire implements Wire {
  readonly #target: Target;
  readonly #protocol: string;
  readonly #events: WireEvents;
  #socket: Socket<BunWire> | undefined;
  #isClosed = false;

  constructor(target: Target, protocol: string, events: WireEvents) {
    this.#target = target;
    this.#protocol = protocol;
    this.#events = events;
    const { hostname, port, tls } = target;
    const options = { hostname, port, data: this, socket: HANDLERS };
    const connecting =
      tls === undefined
        ? Bun.connect<BunWire>(options)
        : Bun.connect<BunWire>({ ...options, tls: this.#tlsOptions(tls.insecure) });
    connecting.catch(() => this.#end("the connection was refused"));
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    return Math.max(0, this.#socket?.write(bytes, offset, length) ?? 0);
  }

  close(): void {
    this.#isClosed = true;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#events.ended(reason);
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

  /** The socket's handlers, one set for all. A socket that was given up is ignored. */
  static handlers(): Bun.SocketHandler<BunWire> {
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
      end: (socket) => {
        if (socket === socket.data.#socket) socket.data.#events.finished();
      },
      close: (socket) => {
        if (socket === socket.data.#socket) socket.data.#end("the connection was lost");
      },
      error: (socket) => {
        if (socket === socket.data.#socket) socket.data.#end("the connection failed");
      },
    };
  }

  #connected(socket: Socket<BunWire>): void {
    // An attempt that was given up, or that the run's end overtook, may still succeed.
    if (this.#isClosed) {
      socket.terminate();
      return;
    }
    socket.setNoDelay(true);
    this.#socket = socket;
    if (this.#target.tls === undefined) this.#events.opened();
  }

  /** The certificate was checked by the socket; without `insecure` an error ends the attempt. */
  #shookHands(socket: Socket<BunWire>, error: Error | null): void {
    const { tls } = this.#target;
    if (tls === undefined) return;
    if (error !== null && !tls.insecure) {
      this.#end(`the server's certificate is not trusted (${error.message})`);
    } else if (this.#protocol === "h2" && socket.alpnProtocol !== "h2") {
      this.#end("the server does not offer HTTP/2");
    } else this.#events.opened();
  }
}

const HANDLERS = BunWire.handlers();
