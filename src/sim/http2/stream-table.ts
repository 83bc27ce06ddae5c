/**
 * The streams of a connection that wait for their answer. A stream's number decides its place in a
 * few flat arrays, so that a frame finds its stream without a map; a number whose place is still
 * taken by a slow stream is skipped, which RFC 9113, section 5.1.1, allows.
 */

/** No such stream. */
export const NO_STREAM = -1;
export const MAX_STREAM_ID = 2 ** 31 - 1;

export class StreamTable {
  /** By place; 0 for a free one. */
  readonly #ids: Int32Array;
  readonly #tags: Float64Array;
  readonly #sentAtMs: Float64Array;
  /** The status of the answer; 0 until it came. */
  readonly statuses: Uint16Array;
  /** The bytes of the stream's flow-control window that the server has used. */
  readonly usedWindow: Int32Array;
  /** What has come of bodies that did not come in one piece. */
  readonly bodies: (Buffer | undefined)[];
  readonly #mask: number;
  readonly #lastId: number;
  #nextId = 1;
  #count = 0;

  /** @param lastId when this number has been given out, the connection is spent */
  constructor(maxStreams: number, lastId: number) {
    let places = 2;
    while (places < 2 * maxStreams) places *= 2;
    this.#mask = places - 1;
    this.#ids = new Int32Array(places);
    this.#tags = new Float64Array(places);
    this.#sentAtMs = new Float64Array(places);
    this.statuses = new Uint16Array(places);
    this.usedWindow = new Int32Array(places);
    this.bodies = new Array(places);
    // Skipping must not lead beyond the last number there is.
    this.#lastId = Math.min(lastId, MAX_STREAM_ID - 2 * places);
  }

  get count(): number {
    return this.#count;
  }

  /** No further stream can be opened on this connection. */
  get isSpent(): boolean {
    return this.#nextId > this.#lastId;
  }

  /** Opens a stream and returns its number. There must be fewer streams than the maximum. */
  add(tag: number, nowMs: number): number {
    while (this.#ids[(this.#nextId >>> 1) & this.#mask] !== 0) this.#nextId += 2;
    const id = this.#nextId;
    this.#nextId += 2;
    const place = (id >>> 1) & this.#mask;
    this.#ids[place] = id;
    this.#tags[place] = tag;
    this.#sentAtMs[place] = nowMs;
    this.statuses[place] = 0;
    this.usedWindow[place] = 0;
    this.#count++;
    return id;
  }

  /** The stream's place, or NO_STREAM when it is closed or was never opened. */
  find(id: number): number {
    const place = (id >>> 1) & this.#mask;
    return id !== 0 && this.#ids[place] === id ? place : NO_STREAM;
  }

  /** Whether the client has opened, or skipped, this stream. */
  wasOpened(id: number): boolean {
    return id % 2 === 1 && id < this.#nextId;
  }

  remove(place: number): void {
    this.#ids[place] = 0;
    this.bodies[place] = undefined;
    this.#count--;
  }

  idAt(place: number): number {
    return this.#ids[place] ?? 0;
  }

  tagAt(place: number): number {
    return this.#tags[place] ?? 0;
  }

  sentAtMs(place: number): number {
    return this.#sentAtMs[place] ?? 0;
  }

  /** When the oldest stream was opened; infinity without any. */
  oldestMs(): number {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (let place = 0; place < this.#ids.length; place++) {
      if (this.#ids[place] !== 0) oldestMs = Math.min(oldestMs, this.sentAtMs(place));
    }
    return oldestMs;
  }

  /** The places of all streams whose number is above `id` and that were opened by `untilMs`. */
  select(id: number, untilMs = Number.POSITIVE_INFINITY): number[] {
    const places: number[] = [];
    for (let place = 0; place < this.#ids.length; place++) {
      if (this.idAt(place) > id && this.sentAtMs(place) <= untilMs) places.push(place);
    }
    return places;
  }
}
