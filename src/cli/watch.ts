import type { Command } from "commander";
import { acceptAnyCertificate, readServeConfig } from "../config.ts";
import { EXIT } from "../exit-codes.ts";
import type { LiveSnapshot } from "../server/http/live-schema.ts";
import { canShowView } from "./rehearsal.ts";
import { parseServerUrl } from "./transport.ts";
import type { FeedObserver, LineState } from "./watch/feed-client.ts";
import type { Watched } from "./watch/watched.ts";

interface WatchFlags {
  readonly url?: string;
  readonly plain?: true;
  readonly json?: true;
  readonly insecure?: true;
}

/** Lines are at least this far apart. */
const LINE_INTERVAL_MS = 1_000;
/** How often the server is asked for its queue and backlog. */
const GAUGES_INTERVAL_MS = 1_000;

const help = `
Examples:
  couponlive watch launch                                   # the server that the settings name
  couponlive watch launch --url https://coupons.example.com
  couponlive watch launch --plain                           # a line whenever something changes
  couponlive watch launch --json | jq .remaining            # each snapshot as a line of JSON

Needs no token. Comes again by itself when the line breaks. q or Ctrl-C stops watching; lines and
JSON end by themselves when the event has ended.
Exit codes: ${EXIT.ok} watched, ${EXIT.failed} no such server or event, ${EXIT.usage} usage.`;

/** Adds `couponlive watch`. */
export function addWatchCommand(program: Command): void {
  program
    .command("watch <event>")
    .description("Shows a giveaway while it goes on.")
    .option("--url <url>", "the server (default: where COUPONLIVE_HOST and _PORT have it listen)")
    .option("--plain", "print lines, even on a terminal")
    .option("--json", "print each snapshot as a line of JSON")
    .option("--insecure", "take the certificate of an https --url unseen")
    .addHelpText("after", help)
    .action(watch);
}

async function watch(eventId: string, flags: WatchFlags): Promise<void> {
  const url = flags.url === undefined ? configuredUrl() : parseServerUrl(flags.url);
  if (flags.insecure === true) acceptAnyCertificate();
  const [{ followFeed }, { Watched }] = await Promise.all([
    import("./watch/feed-client.ts"),
    import("./watch/watched.ts"),
  ]);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const watched = new Watched();
  const end = await show({ watched, url, eventId, flags, stop });
  try {
    await followFeed(url, eventId, end.observer, stop.signal);
  } finally {
    end.finish();
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

interface Showing {
  readonly watched: Watched;
  readonly url: URL;
  readonly eventId: string;
  readonly flags: WatchFlags;
  readonly stop: AbortController;
}

/** Begins to show what the returned observer is told, in the way that was asked for. */
async function show(
  showing: Showing,
): Promise<{ readonly observer: FeedObserver; readonly finish: () => void }> {
  const { watched, url, eventId, flags, stop } = showing;
  const { stdin, stdout } = process;
  if (flags.json !== true && flags.plain !== true && canShowView(stdin, stdout)) {
    const { showWatchView } = await import("./watch/watch-ink.tsx");
    const stopPolling = pollGauges(watched, url);
    const hide = showWatchView({ watched, eventId, url: url.origin, stop: () => stop.abort() });
    return {
      observer: watched,
      finish: () => {
        stopPolling();
        hide();
      },
    };
  }
  const { plainLine } = await import("./watch/watch-text.ts");
  const print =
    flags.json === true
      ? (snapshot: LiveSnapshot) => stdout.write(`${JSON.stringify(snapshot)}\n`)
      : () => stdout.write(`${plainLine(watched.moment())}\n`);
  const intervalMs = flags.json === true ? 0 : LINE_INTERVAL_MS;
  const lines = new Lines(watched, intervalMs, print, () => stop.abort());
  return { observer: lines, finish: () => lines.flush() };
}

/** Prints what is new, at most once in an interval, and stops when the event has ended. */
class Lines implements FeedObserver {
  #printedAtMs = Number.NEGATIVE_INFINITY;
  #pending: LiveSnapshot | undefined;
  #timer: Timer | undefined;
  #wasLost = false;

  constructor(
    private readonly watched: Watched,
    private readonly intervalMs: number,
    private readonly print: (snapshot: LiveSnapshot) => void,
    private readonly stop: () => void,
  ) {}

  snapshot(snapshot: LiveSnapshot): void {
    this.watched.snapshot(snapshot);
    this.#pending = snapshot;
    const waitMs = this.#printedAtMs + this.intervalMs - performance.now();
    if (waitMs <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), waitMs);
    if (snapshot.state === "ended") this.stop();
  }

  line(state: LineState): void {
    this.watched.line(state);
    if (state.kind === "lost") {
      process.stderr.write(`the feed was lost (${state.reason}): trying again\n`);
      this.#wasLost = true;
    } else if (state.kind === "live" && this.#wasLost) {
      process.stderr.write("the feed is back\n");
      this.#wasLost = false;
    }
  }

  /** Prints what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending === undefined) return;
    this.#printedAtMs = performance.now();
    this.print(this.#pending);
    this.#pending = undefined;
  }
}

/** Asks the server for its queue and backlog until the returned function is called. */
function pollGauges(watched: Watched, url: URL): () => void {
  const poll = async () => {
    const { readReadiness } = await import("../sim/gauges.ts");
    const ready = await readReadiness(url);
    watched.server({
      engine: ready?.engine ?? null,
      queueDepth: ready?.queueDepth ?? null,
      writerBacklog: ready?.writerBacklog ?? null,
    });
  };
  void poll();
  const timer = setInterval(() => void poll(), GAUGES_INTERVAL_MS);
  return () => clearInterval(timer);
}

/** Where the server of these settings listens; one on all addresses does so on this machine's own. */
function configuredUrl(): URL {
  const { host, port, tls } = readServeConfig({});
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const name = reachable.includes(":") ? `[${reachable}]` : reachable;
  return new URL(`${tls === undefined ? "http" : "https"}://${name}:${port}`);
}
