/** The newest snapshot of one event, made once and serialised once for all who listen. */
import type { EngineStatus } from "../../claims/engine.ts";
import type { EventDefinition } from "../../events/event.ts";
import { describeEvent } from "../events.ts";
import type { LiveSnapshot } from "../live-schema.ts";

/** Rates are those of about the last second. */
const RATE_SPAN_MS = 1_000;

const encoder = new TextEncoder();

/** What was counted of an event at a moment. */
export interface Reading {
  /** The engine's answer; undefined while it does not give one. */
  readonly status: EngineStatus | undefined;
  /** Claims that this process has refused since it started; null where other processes do too. */
  readonly refused: number | null;
}

interface Sample {
  readonly atMs: number;
  readonly issued: number;
  readonly refused: number | null;
}

export class LiveFeed {
  /** Grows whenever there is something new; 0 before the first snapshot. */
  version = 0;
  /** The message of the newest snapshot, ready to be sent. */
  message = new Uint8Array();
  listeners = 0;
  #samples: Sample[] = [];
  #lastStatus: EngineStatus | undefined;
  #lastContent = "";

  /** Names this feed's numbering, so that an id of another process is never taken for ours. */
  readonly #name = crypto.randomUUID().slice(0, 8);

  constructor(readonly eventId: string) {}

  /** The id of the newest message. */
  get messageId(): string {
    return `${this.#name}-${this.version}`;
  }

  /**
   * Takes a reading in. True when it has made a new snapshot: anything but the time has changed.
   * Without an engine the last counts stand, and the snapshot says so; before the first there is
   * no snapshot.
   */
  update(event: EventDefinition, { status, refused }: Reading): boolean {
    if (status !== undefined) {
      this.#lastStatus = status;
      this.#sample({ atMs: status.nowMs, issued: status.issued, refused });
    }
    if (this.#lastStatus === undefined) return false;
    const { serverTime, ...content } = this.#describe(
      event,
      this.#lastStatus,
      status !== undefined,
    );
    const text = JSON.stringify(content);
    if (text === this.#lastContent) return false;
    this.#lastContent = text;
    this.version++;
    const data = JSON.stringify({ ...content, serverTime } satisfies LiveSnapshot);
    this.message = encoder.encode(`id: ${this.messageId}\ndata: ${data}\n\n`);
    return true;
  }

  #describe(event: EventDefinition, status: EngineStatus, isEngineAvailable: boolean) {
    const { coupons: _, ...standing } = describeEvent(event, status);
    return { ...standing, ...this.#rates(), isEngineAvailable };
  }

  #sample(sample: Sample): void {
    this.#samples.push(sample);
    const isOld = (each: Sample | undefined) =>
      each !== undefined && sample.atMs - each.atMs >= RATE_SPAN_MS;
    // One that is a second old is kept: the rate is that since then.
    while (isOld(this.#samples[1])) this.#samples.shift();
  }

  #rates() {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    const spanMs = first === undefined || last === undefined ? 0 : last.atMs - first.atMs;
    const perSecond = (from: number, to: number) =>
      spanMs <= 0 ? 0 : Math.max(0, Math.round(((to - from) * 1_000) / spanMs));
    const refused = last?.refused ?? null;
    return {
      issuedPerSecond: perSecond(first?.issued ?? 0, last?.issued ?? 0),
      refusedPerSecond: refused === null ? null : perSecond(first?.refused ?? 0, refused),
    };
  }
}
