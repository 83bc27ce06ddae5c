/** The view of a run where no terminal is: a line a second. */
import type { LiveRun, Snapshot } from "./live.ts";
import type { LiveLatency } from "./live-latency.ts";
import { group, milliseconds } from "./report-text.ts";
import type { RunObserver } from "./run.ts";

const LINE_INTERVAL_MS = 1_000;

/** Prints a line for each phase, and each second while the load goes on. */
export class PlainView implements RunObserver {
  readonly #print: (line: string) => void;
  #timer: Timer | undefined;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  phase(what: string): void {
    this.#print(what);
  }

  loadBegins(live: LiveRun): void {
    this.#timer = setInterval(() => this.#print(progressLine(live.snapshot())), LINE_INTERVAL_MS);
  }

  loadEnds(): void {
    clearInterval(this.#timer);
  }
}

/** How far the run is, in one line. */
export function progressLine(snapshot: Snapshot): string {
  const { outcomes, issuedLatency, soldOutLatency } = snapshot;
  const others = snapshot.sent - outcomes.issued - outcomes.alreadyIssued - outcomes.soldOut;
  return [
    `${(snapshot.elapsedMs / 1000).toFixed(0)} s`,
    `offered ${group(snapshot.offeredPerSecond)}/s`,
    `sent ${group(snapshot.achievedPerSecond)}/s`,
    `issued ${group(outcomes.issued + outcomes.alreadyIssued)}`,
    `sold out ${group(outcomes.soldOut)}`,
    `other or under way ${group(others)}`,
    `p99 issued ${latencyText(issuedLatency)}, sold out ${latencyText(soldOutLatency)}`,
    `left ${group(snapshot.remaining)}`,
  ].join("  ");
}

function latencyText(latency: LiveLatency | null): string {
  return latency === null ? "–" : `${milliseconds(latency.p99)} ms`;
}
