/**
 * How a load worker's connections reach the network. There are two real ones: BunNetwork, which
 * works everywhere and speaks TLS, and EpollNetwork, which spares the generator a third of its CPU
 * on Linux (docs/decisions/load-sockets.md).
 */
import type { Target } from "../transport.ts";

/** Told in the order in which things happen, and nothing more once the wire was closed. */
export interface WireEvents {
  opened(): void;
  /** The chunk's memory is the network's: what must outlive the call has to be copied. */
  received(chunk: Buffer): void;
  /** The wire, which did not take all bytes, takes some again. */
  drained(): void;
  /**
   * The other side has closed it in order: all that it sent has been received. `ended` follows.
   */
  finished(): void;
  /** It could not be opened, or it is over; the reason is for the report. */
  ended(reason: string): void;
}

/** One attempt to connect, and the socket that comes of it. */
export interface Wire {
  /** Returns how many of the bytes it took; `drained` follows where it was not all. */
  write(bytes: Uint8Array, offset: number, length: number): number;
  /** Closes it, or gives the attempt up, without a word. */
  close(): void;
}

export interface Network {
  /** Nothing arrives unless the event loop has its turn. */
  readonly needsEventLoop: boolean;
  /** @param protocol the protocol's name in TLS (RFC 7301) */
  dial(target: Target, protocol: string, events: WireEvents): Wire;
  /**
   * Hands over what has arrived, where the event loop does not do so by itself; waits so long for the
   * first of it.
   */
  collect(waitMs: number): void;
  /** Sleeps, less than a timer can, and deaf to what arrives. */
  nap(ms: number): void;
  /** Calls back after this long, or sooner if something has arrived. */
  rest(waitMs: number, then: () => void): void;
  /** Of no more use afterwards. The wires must have been closed. */
  close(): void;
}
