/**
 * A TCP or TLS connection, below the HTTP that is spoken on it. One that is lost opens itself again;
 * what was under way on it is the protocol's to mourn.
 */
import type { Network, Wire } from "./network/network.ts";
import type { ConnectionLimits, Target } from "./transport.ts";

/** The protocol, as the link sees it. */
export interface LinkEvents {
  /** There is a socket. The protocol calls `establish` once it can take requests. */
  opened(): void;
  /** The chunk's memory is the socket's: what must outlive the call has to be copied. */
  received(chunk: Buffer): void;
  /** The socket, which did not take all bytes, takes some again. */
  drained(): void;
  /** The other side has closed it in order; `lost` follows. */
  finished(): void;
  /** The link was lost, and will open itself again. */
  lost(reason: string, wasEstablished: boolean): void;
}

type State = "connecting" | "opened" | "established" | "waiting" | "closed";

export class Link {
  readonly #network: Network;
  readonly #target: Target;
  readonly #limits: ConnectionLimits;
  /** The protocol's name in TLS (RFC 7301). */
  readonly #protocol: string;
  readonly #events: LinkEvents;
  #state: State = "closed";
  #wire: Wire | undefined;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #firstOpening: PromiseWithResolvers<void> | undefined;
  #reconnectTimer: Timer | undefined;

  constructor(
    network: Network,
    target: Target,
    limits: ConnectionLimits,
    protocol: string,
    events: LinkEvents,
  ) {
    this.#network = network;
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
    return this.#wire?.write(bytes, offset, length) ?? 0;
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
    this.#wire?.close();
    this.#wire = undefined;
  }

  #connect(): void {
    this.#state = "connecting";
    this.#deadlineMs = performance.now() + this.#limits.connectTimeoutMs;
    this.#wire = this.#network.dial(this.#target, this.#protocol, {
      opened: () => {
        this.#state = "opened";
        this.#events.opened();
      },
      received: (chunk) => this.#events.received(chunk),
      drained: () => this.#events.drained(),
      finished: () => this.#events.finished(),
      ended: (reason) => this.lose(reason),
    });
  }
}
