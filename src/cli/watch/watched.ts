/** What is known of a giveaway that is watched, for whoever displays it. */
import type { LiveSnapshot } from "../../server/http/live-schema.ts";
import type { FeedObserver, LineState } from "./feed-client.ts";

/** Of the clock's offset, so many of the newest readings count. */
const CLOCK_READINGS = 20;
/** How finely the stock's way is kept, and for how many points before it is kept half as finely. */
const HISTORY_INTERVAL_MS = 250;
const MAX_HISTORY_POINTS = 2_400;

/** What the server says of itself at `/readyz`; null where it does not. */
export interface ServerGauges {
  readonly engine: string | null;
  readonly queueDepth: number | null;
  readonly writerBacklog: number | null;
}

/** All that a view shows, at one moment. */
export interface WatchedMoment {
  /** Undefined before the first one. */
  readonly snapshot: LiveSnapshot | undefined;
  readonly line: LineState;
  readonly server: ServerGauges;
  /** The time of the clock that decides claims, as far as it is known here, in ms since the epoch. */
  readonly serverNowMs: number;
  /** By performance.now(). */
  readonly nowMs: number;
  /** When the newest snapshot came, by performance.now(). */
  readonly snapshotAtMs: number;
  /** The coupons left, from the start of watching, evenly spaced. */
  readonly remaining: readonly number[];
}

const NO_GAUGES: ServerGauges = { engine: null, queueDepth: null, writerBacklog: null };

export class Watched implements FeedObserver {
  #snapshot: LiveSnapshot | undefined;
  #snapshotAtMs = 0;
  #line: LineState = { kind: "connecting" };
  #server = NO_GAUGES;
  /** Server's clock less this machine's monotonic one, in ms: the newest readings. */
  #offsets: number[] = [];
  #history: number[] = [];
  #historyIntervalMs = HISTORY_INTERVAL_MS;
  #historyStartMs = 0;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  snapshot(snapshot: LiveSnapshot): void {
    this.#extendHistory();
    const nowMs = this.nowMs();
    if (this.#snapshot === undefined) this.#historyStartMs = nowMs;
    this.#snapshot = snapshot;
    this.#snapshotAtMs = nowMs;
    this.#offsets = [...this.#offsets, Date.parse(snapshot.serverTime) - nowMs].slice(
      -CLOCK_READINGS,
    );
  }

  line(state: LineState): void {
    this.#line = state;
  }

  server(gauges: ServerGauges): void {
    this.#server = gauges;
  }

  moment(): WatchedMoment {
    this.#extendHistory();
    const nowMs = this.nowMs();
    // A message can only be late: the least late one tells the clock best.
    const offsetMs = Math.max(...this.#offsets);
    return {
      snapshot: this.#snapshot,
      line: this.#line,
      server: this.#server,
      serverNowMs: this.#offsets.length === 0 ? Date.now() : nowMs + offsetMs,
      nowMs,
      snapshotAtMs: this.#snapshotAtMs,
      remaining: this.#history,
    };
  }

  /** Fills the time since the last point with what was known then. */
  #extendHistory(): void {
    if (this.#snapshot === undefined) return;
    for (;;) {
      const points =
        Math.floor((this.nowMs() - this.#historyStartMs) / this.#historyIntervalMs) + 1;
      if (points <= MAX_HISTORY_POINTS) {
        while (this.#history.length < points) this.#history.push(this.#snapshot.remaining);
        return;
      }
      this.#history = this.#history.filter((_, index) => index % 2 === 0);
      this.#historyIntervalMs *= 2;
    }
  }
}
