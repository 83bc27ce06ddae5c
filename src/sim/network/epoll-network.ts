/**
 * Sockets of Linux itself, read and written by system calls of the worker's own. Bun.connect makes a
 * buffer and enters JavaScript for every answer; here an answer costs one call and a view.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Target } from "../transport.ts";
import type { Network, Wire, WireEvents } from "./network.ts";
import { EPOLL, RECEIVE_BYTES, SystemCalls } from "./system-calls.ts";

const INTEREST = (EPOLL.in | EPOLL.out | EPOLL.peerClosed | EPOLL.edge) >>> 0;
/** There is an end to be read, or an error. */
const ENDING = EPOLL.peerClosed | EPOLL.hangUp | EPOLL.error;

export class EpollNetwork implements Network {
  readonly needsEventLoop: boolean;
  readonly #calls = new SystemCalls();
  readonly #epoll = this.#calls.createEpoll();
  readonly #wires = new Map<number, EpollWire>();
  #lastId = 0;

  /**
   * @param sharesThread the server lives on this very thread, which must not wait for its answers
   * @throws on a system that has no such calls
   */
  constructor({ sharesThread = false } = {}) {
    this.needsEventLoop = sharesThread;
  }

  dial(target: Target, _protocol: string, events: WireEvents): Wire {
    const wire = new EpollWire(this.#calls, this.#epoll, ++this.#lastId, events, () =>
      this.#wires.delete(wire.id),
    );
    this.#wires.set(wire.id, wire);
    void wire.connect(target);
    return wire;
  }

  collect(waitMs: number): void {
    this.#wait(waitMs);
  }

  nap(ms: number): void {
    this.#calls.sleep(ms);
  }

  rest(waitMs: number, then: () => void): void {
    this.#wait(this.needsEventLoop ? 0 : waitMs);
    // By the event loop, so that messages from other threads are heard.
    setImmediate(then);
  }

  close(): void {
    this.#calls.close(this.#epoll);
  }

  #wait(waitMs: number): void {
    this.#calls.wait(this.#epoll, waitMs, this.#tell);
  }

  readonly #tell = (id: number, ready: number): void => this.#wires.get(id)?.happened(ready);
}

type State = "resolving" | "connecting" | "open" | "closed";

class EpollWire implements Wire {
  readonly id: number;
  readonly #calls: SystemCalls;
  readonly #epoll: number;
  readonly #events: WireEvents;
  readonly #forget: () => void;
  #state: State = "resolving";
  #fd = -1;
  /** The addresses that are still to be tried. */
  #addresses: string[] = [];
  #port = 0;
  #awaitsDrain = false;

  constructor(
    calls: SystemCalls,
    epoll: number,
    id: number,
    events: WireEvents,
    forget: () => void,
  ) {
    this.#calls = calls;
    this.#epoll = epoll;
    this.id = id;
    this.#events = events;
    this.#forget = forget;
  }

  async connect({ hostname, port }: Target): Promise<void> {
    this.#port = port;
    // Awaited in any case: nothing may be told from within `dial`.
    this.#addresses = await (isIP(hostname) === 0 ? addressesOf(hostname) : [hostname]);
    if (this.#state === "resolving") this.#connectNext();
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    if (this.#state !== "open") return 0;
    const taken = Math.max(0, this.#calls.send(this.#fd, bytes, offset, length));
    if (taken < length) this.#awaitsDrain = true;
    return taken;
  }

  close(): void {
    this.#state = "closed";
    if (this.#fd >= 0) this.#calls.close(this.#fd);
    this.#fd = -1;
    this.#forget();
  }

  /** The socket is ready for something. */
  happened(ready: number): void {
    if (this.#state === "connecting") {
      // An attempt that is refused at once has told its error already: it has hung up.
      const failed = (ready & (EPOLL.error | EPOLL.hangUp)) !== 0;
      if (failed || this.#calls.takeError(this.#fd) !== 0) {
        this.#connectNext();
        return;
      }
      this.#state = "open";
      this.#events.opened();
    }
    if ((ready & ~EPOLL.out) !== 0) this.#read(ready);
    if ((ready & EPOLL.out) === 0 || this.#state !== "open" || !this.#awaitsDrain) return;
    this.#awaitsDrain = false;
    this.#events.drained();
  }

  #connectNext(): void {
    if (this.#fd >= 0) this.#calls.close(this.#fd);
    this.#fd = -1;
    const address = this.#addresses.shift();
    if (address === undefined) {
      this.#end("the connection was refused");
      return;
    }
    this.#state = "connecting";
    this.#fd = this.#calls.connect(address, this.#port);
    if (this.#fd < 0) this.#end("the system has no file descriptor left (ulimit -n)");
    else this.#calls.watch(this.#epoll, this.#fd, INTEREST, this.id);
  }

  /** Receives all that is there, or what made it ready would not be told again. */
  #read(ready: number): void {
    // Reading an error may take it away, and an end look orderly.
    const hasFailed = (ready & EPOLL.error) !== 0;
    const ends = (ready & ENDING) !== 0;
    while (this.#state === "open") {
      const chunk = this.#calls.receive(this.#fd);
      if (chunk === undefined) {
        // An error that is told only once, or nothing: all had been received before.
        if (hasFailed || this.#calls.takeError(this.#fd) !== 0) this.#end("the connection failed");
        return;
      }
      if (chunk.length === 0) {
        if (!hasFailed) this.#events.finished();
        this.#end("the connection was lost");
        return;
      }
      this.#events.received(chunk);
      if (chunk.length < RECEIVE_BYTES && !ends) return;
    }
  }

  #end(reason: string): void {
    if (this.#state === "closed") return;
    this.close();
    this.#events.ended(reason);
  }
}

async function addressesOf(hostname: string): Promise<string[]> {
  try {
    return (await lookup(hostname, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
