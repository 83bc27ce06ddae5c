/** What the server says of itself while the load goes on, asked from a thread that sends no load. */
import { z } from "zod";
import type { ServerGauges } from "./series.ts";

/** Often enough for a curve, and seldom enough to cost the server nothing. */
const POLL_INTERVAL_MS = 250;
const REQUEST_TIMEOUT_MS = 1_000;
/** What was said longer ago than this is not known any more. */
const MAX_AGE_MS = 2_000;

export const NO_GAUGES: ServerGauges = { remaining: null, queueDepth: null, writerBacklog: null };

const gauge = z.int().nonnegative().nullable().catch(null);
const eventSchema = z.object({ remaining: gauge, stock: gauge });
const readySchema = z.object({
  engine: z.string().optional().catch(undefined),
  queueDepth: gauge,
  writerBacklog: gauge,
});

/** `/readyz` of a server, whether it is ready or not; undefined when it does not answer as one. */
export async function readReadiness(url: URL): Promise<z.infer<typeof readySchema> | undefined> {
  return await read(new URL("/readyz", url), readySchema);
}

interface Sample {
  /** By this thread's performance.now(), when the answers had come. */
  readonly atMs: number;
  readonly gauges: ServerGauges;
}

export class GaugePoller {
  readonly #url: URL;
  readonly #eventId: string;
  readonly #samples: Sample[] = [];
  #startMs = performance.now();
  #timer: Timer | undefined;
  #stopped = false;
  #stock: number | null = null;

  constructor(url: URL, eventId: string) {
    this.#url = url;
    this.#eventId = eventId;
  }

  /** @param startAtMs the start of the run by the monotonic clock, in ms since the epoch */
  start(startAtMs: number): void {
    this.#startMs = startAtMs - performance.timeOrigin;
    void this.#poll();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** The event's stock as the server told it last; null before. */
  get stock(): number | null {
    return this.#stock;
  }

  /** What the server had last said before this time, in ms after the start of the run. */
  gaugesAt(atMs: number): ServerGauges {
    const nowMs = this.#startMs + atMs;
    const sample = this.#samples.findLast((each) => each.atMs <= nowMs);
    return sample === undefined || nowMs - sample.atMs > MAX_AGE_MS ? NO_GAUGES : sample.gauges;
  }

  async #poll(): Promise<void> {
    const eventUrl = new URL(`/v1/events/${encodeURIComponent(this.#eventId)}`, this.#url);
    const [event, ready] = await Promise.all([
      read(eventUrl, eventSchema),
      readReadiness(this.#url),
    ]);
    this.#stock = event?.stock ?? this.#stock;
    this.#samples.push({
      atMs: performance.now(),
      gauges: {
        remaining: event?.remaining ?? null,
        queueDepth: ready?.queueDepth ?? null,
        writerBacklog: ready?.writerBacklog ?? null,
      },
    });
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#poll(), POLL_INTERVAL_MS);
  }
}

async function read<Schema extends z.ZodType>(
  url: URL,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    const parsed = schema.safeParse(await response.json());
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
