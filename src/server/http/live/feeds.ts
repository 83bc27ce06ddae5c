/**
 * All live feeds of a process. Each event that somebody listens to is read a few times a second; what
 * has changed goes out a few listeners at a time, so that claims find their turn in between. A
 * listener gets the newest snapshot at its turn and never an older one: with many of them they are
 * told less often, and what they cost stays the same.
 */
import { refusals } from "../../claims/tally.ts";
import type { EventDefinition } from "../../events/event.ts";
import type { Dependencies } from "../dependencies.ts";
import { StatusCache } from "../status-cache.ts";
import { LiveFeed, type Reading } from "./feed.ts";
import { Listener } from "./listener.ts";

export interface LiveLimits {
  /** How often an event is read: no listener is sent more than one snapshot in this time. */
  readonly readIntervalMs: number;
  /**
   * Open listeners of all events in this process; beyond them one is answered 503. A server lowers
   * it to half of the files it may open (listener-limit.ts).
   */
  readonly maxListeners: number;
  /** Snapshots sent in one turn, and the pause to the next: at most 2,500 a second. */
  readonly sendsPerTurn: number;
  readonly turnIntervalMs: number;
  /** What may wait for a listener beyond its socket's buffer; one that has more unread is dropped. */
  readonly maxUnreadBytes: number;
  /** How long a line may be silent. Shorter than the idle timeouts of this server and of proxies. */
  readonly heartbeatIntervalMs: number;
}

export const DEFAULT_LIVE_LIMITS: LiveLimits = {
  readIntervalMs: 200,
  maxListeners: 20_000,
  sendsPerTurn: 25,
  turnIntervalMs: 10,
  maxUnreadBytes: 16_384,
  heartbeatIntervalMs: 15_000,
};

/** When a client comes again after its line broke: spread, so that thousands do not come at once. */
const MIN_RETRY_MS = 1_000;
const RETRY_SPREAD_MS = 4_000;

/** What the feeds are made from. */
export type LiveSource = Pick<Dependencies, "catalogue" | "engine" | "combiner" | "nowMs">;

export class LiveFeeds {
  readonly #feeds = new Map<string, LiveFeed>();
  readonly #listeners: Listener[] = [];
  #readTimer: Timer | undefined;
  #turnTimer: Timer | undefined;
  #heartbeatTimer: Timer | undefined;
  /** The next listener's place in the round. */
  #next = 0;
  /** How many may still be behind, the next one among them; 0 when all have the newest. */
  #unserved = 0;
  /** Counts heartbeats. */
  #beat = 0;
  #isReading = false;
  #dropped = 0;

  readonly #statuses: StatusCache;

  constructor(
    private readonly source: LiveSource,
    private readonly limits: LiveLimits = DEFAULT_LIVE_LIMITS,
  ) {
    this.#statuses = new StatusCache(source.engine, source.nowMs);
  }

  get listenerCount(): number {
    return this.#listeners.length;
  }

  /** Listeners that read too slowly, since the start. */
  get droppedCount(): number {
    return this.#dropped;
  }

  get isFull(): boolean {
    return this.#listeners.length >= this.limits.maxListeners;
  }

  /**
   * Begins to listen: the stream of an answer, whose first message is the newest snapshot, unless
   * `lastEventId` says that the client has it already.
   *
   * @param onDrop called when the client reads too slowly and its answer was broken off
   * @throws EngineUnavailableError when nothing is known of the event yet, and cannot be
   */
  async listen(
    event: EventDefinition,
    lastEventId: string | null,
    onDrop: () => void = () => undefined,
  ): Promise<ReadableStream<Uint8Array>> {
    let feed = this.#feeds.get(event.id);
    if (feed === undefined) {
      const first = new LiveFeed(event.id);
      first.update(event, await this.#read(event));
      // Another one may have come first while the engine was asked.
      feed = this.#feeds.get(event.id) ?? first;
      this.#feeds.set(event.id, feed);
    }
    const listener = new Listener(feed, this.limits.maxUnreadBytes, {
      gone: () => this.#remove(listener),
      dropped: onDrop,
    });
    this.#add(listener);
    listener.sendText(`retry: ${Math.round(MIN_RETRY_MS + Math.random() * RETRY_SPREAD_MS)}\n\n`);
    if (lastEventId === feed.messageId) listener.heartbeat();
    else listener.send(feed.message);
    listener.sentVersion = feed.version;
    listener.sentBeat = this.#beat;
    return listener.body;
  }

  /** Ends every line in order, and all work. */
  close(): void {
    this.#stopTimers();
    for (const listener of this.#listeners.splice(0)) listener.end();
    this.#feeds.clear();
  }

  #add(listener: Listener): void {
    listener.place = this.#listeners.push(listener) - 1;
    listener.feed.listeners++;
    const { readIntervalMs, heartbeatIntervalMs } = this.limits;
    this.#readTimer ??= setInterval(() => void this.#readAll(), readIntervalMs);
    this.#heartbeatTimer ??= setInterval(() => this.#heartbeat(), heartbeatIntervalMs);
  }

  /** The last one takes its place, so that leaving costs the same however many there are. */
  #remove(listener: Listener): void {
    if (this.#listeners[listener.place] !== listener) return;
    const last = this.#listeners.pop();
    if (last !== undefined && last !== listener) {
      last.place = listener.place;
      this.#listeners[listener.place] = last;
    }
    listener.feed.listeners--;
    if (listener.feed.listeners === 0) this.#feeds.delete(listener.feed.eventId);
    // Whoever took its place may have been in the part of the round that is still to come.
    if (this.#unserved > 0) this.#unserved = this.#listeners.length;
    if (this.#listeners.length === 0) this.#stopTimers();
  }

  async #read(event: EventDefinition): Promise<Reading> {
    const { engine, combiner } = this.source;
    return {
      status: await this.#statuses.get(event),
      // Where Redis decides, other processes refuse claims too.
      refused: engine.kind === "embedded" ? refusals(combiner.tallyOf(event.id)) : null,
    };
  }

  async #readAll(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    await Promise.all([...this.#feeds.values()].map((feed) => this.#readOne(feed)));
    this.#isReading = false;
  }

  async #readOne(feed: LiveFeed): Promise<void> {
    const event = this.source.catalogue.get(feed.eventId);
    // One that was deleted issues nothing any more: the client finds that out when it comes again.
    if (event === undefined) return this.#endFeed(feed);
    const reading = await this.#read(event).catch(() => ({ status: undefined, refused: null }));
    if (feed.update(event, reading)) this.#beginRound();
  }

  #beginRound(): void {
    this.#unserved = this.#listeners.length;
    if (this.#unserved === 0) return;
    this.#turnTimer ??= setInterval(() => this.#turn(), this.limits.turnIntervalMs);
  }

  #endFeed(feed: LiveFeed): void {
    for (const listener of this.#listeners.filter((each) => each.feed === feed)) {
      this.#remove(listener);
      listener.end();
    }
  }

  /** Serves the next few in the round that lack something. */
  #turn(): void {
    let sends = 0;
    while (this.#unserved > 0 && sends < this.limits.sendsPerTurn) {
      this.#unserved--;
      if (this.#next >= this.#listeners.length) this.#next = 0;
      const listener = this.#listeners[this.#next++];
      if (listener !== undefined && this.#serve(listener)) sends++;
    }
    if (this.#unserved > 0) return;
    clearInterval(this.#turnTimer);
    this.#turnTimer = undefined;
  }

  /** Sends the newest snapshot, or else a heartbeat that is due. False when neither was needed. */
  #serve(listener: Listener): boolean {
    const { feed } = listener;
    const isBehind = listener.sentVersion !== feed.version;
    if (!isBehind && listener.sentBeat === this.#beat) return false;
    listener.sentVersion = feed.version;
    listener.sentBeat = this.#beat;
    if (isBehind ? !listener.send(feed.message) : !listener.heartbeat()) this.#drop(listener);
    return true;
  }

  #drop(listener: Listener): void {
    this.#dropped++;
    this.#remove(listener);
    listener.drop();
  }

  #heartbeat(): void {
    this.#beat++;
    this.#beginRound();
  }

  #stopTimers(): void {
    for (const timer of [this.#readTimer, this.#turnTimer, this.#heartbeatTimer]) {
      clearInterval(timer);
    }
    this.#readTimer = undefined;
    this.#turnTimer = undefined;
    this.#heartbeatTimer = undefined;
    this.#unserved = 0;
  }
}
