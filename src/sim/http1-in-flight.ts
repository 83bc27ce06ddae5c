/** The requests in flight on an HTTP/1.1 connection: answered in the order in which they were sent. */

/** A queue of fixed size, so that nothing is allocated for a request. */
export class InFlight {
  readonly #tags: Int32Array;
  readonly #sentAtMs: Float64Array;
  #first = 0;
  #count = 0;

  /** @param size of requests in flight at most */
  constructor(size: number) {
    this.#tags = new Int32Array(size);
    this.#sentAtMs = new Float64Array(size);
  }

  get count(): number {
    return this.#count;
  }

  /** How many more there may be. */
  get room(): number {
    return this.#tags.length - this.#count;
  }

  /** The oldest one's tag. There must be one. */
  get tag(): number {
    return this.#tags[this.#first] ?? 0;
  }

  /** When the oldest one was sent; infinity without any. */
  get sentAtMs(): number {
    if (this.#count === 0) return Number.POSITIVE_INFINITY;
    return this.#sentAtMs[this.#first] ?? 0;
  }

  /** Adds the newest one. There must be room. */
  add(tag: number, sentAtMs: number): void {
    const place = (this.#first + this.#count) % this.#tags.length;
    this.#tags[place] = tag;
    this.#sentAtMs[place] = sentAtMs;
    this.#count++;
  }

  /** Takes the oldest one away. */
  shift(): void {
    this.#first = (this.#first + 1) % this.#tags.length;
    this.#count--;
  }
}
