/**
 * Measures the simulator's generator against a server that answers at the least cost, and wrk (and
 * wrk2, where --wrk2 names its binary) beside it in the same minute.
 *
 *     bun scripts/bench/generator.ts [--seconds 15] [--rounds 3] [--wrk2 PATH]
 *
 * Every figure of the generator is from the code that `couponlive simulate` runs: its fleet of load
 * workers, at the rate that is given. A round is one run of each, within a minute. All are printed,
 * and at the end the medians: a machine is rarely quiet, and before each round it is said how late it
 * lets a thread run that does nothing. wrk knows no rate: it sends as fast as it is answered, with
 * larger and so cheaper batches of system calls than any generator at a given rate has; wrk2 is the
 * fair comparison.
 */
import { parseArgs } from "node:util";
import { Fleet } from "../../src/sim/fleet.ts";
import { percentileMs } from "../../src/sim/latency.ts";
import type { Transport } from "../../src/sim/transport.ts";
import { measureLatePercent } from "./machine-lag.ts";
import { median } from "./median.ts";
import { measureWrk, type PeerFigures } from "./wrk.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "15" },
    rounds: { type: "string", default: "3" },
    wrk2: { type: "string" },
  },
});
const DURATION_MS = Number(options.seconds) * 1000;
const ROUNDS = Number(options.rounds);
const CONNECTIONS_HTTP1 = 64;
/** So many tokens are made before the clock starts; beyond that members claim again. */
const MAX_MEMBERS = 200_000;
const GRACE_MS = 5_000;
const MACHINE_LAG_MS = 3_000;
const TOKENS = {
  secret: "the bench's own secret, of 32 bytes or more",
  previousSecret: undefined,
  issuer: "bench",
  audience: "bench",
};

interface Case {
  readonly name: string;
  readonly ratePerSecond: number;
  readonly connections: number;
  readonly transport: Transport;
}

const HTTP1: Transport = { http: "1.1", streams: 1, insecure: false };
const HTTP2: Transport = { http: "2", streams: 32, insecure: false };
const CASES: readonly Case[] = [
  { name: "HTTP/1.1", ratePerSecond: 20_000, connections: CONNECTIONS_HTTP1, transport: HTTP1 },
  { name: "HTTP/1.1", ratePerSecond: 50_000, connections: CONNECTIONS_HTTP1, transport: HTTP1 },
  { name: "HTTP/2, 16 × 32", ratePerSecond: 100_000, connections: 16, transport: HTTP2 },
];

interface Figures {
  /** Sent by the end of the schedule, in per cent of what was due. */
  readonly achieved: number;
  readonly lagMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly cpuUs: number;
  /** Of the answers, those that were not the expected one. */
  readonly wrong: number;
}

/** One run of the fleet. CPU is user and system time of this process, all threads, per request. */
async function measure(
  url: URL,
  { ratePerSecond, connections, transport }: Case,
): Promise<Figures> {
  const fleet = new Fleet(
    {
      url,
      transport,
      connections,
      eventId: "bench",
      shape: { kind: "constant", ratePerSecond },
      durationMs: DURATION_MS,
      graceMs: GRACE_MS,
      users: Math.min(MAX_MEMBERS, (ratePerSecond * DURATION_MS) / 1000),
      seed: 1,
      workers: 1,
      tokens: TOKENS,
      tokenLifetimeSeconds: 3_600,
    },
    () => undefined,
  );
  try {
    await fleet.prepare();
    const before = process.cpuUsage();
    const { ledger, tally } = await fleet.run();
    const { user, system } = process.cpuUsage(before);
    const sendLag = tally.sendLag();
    const lateMs = Math.max(0, tally.lastSentUs / 1000 - DURATION_MS);
    return {
      achieved: (100 * ledger.sent * DURATION_MS) / (ledger.scheduled * (DURATION_MS + lateMs)),
      lagMs: {
        p50: percentileMs(sendLag, 50),
        p99: percentileMs(sendLag, 99),
        max: sendLag.maxValue / 1000,
      },
      cpuUs: (user + system) / ledger.sent,
      wrong: ledger.sent - tally.outcomes.issued,
    };
  } finally {
    fleet.close();
  }
}

function tell(name: string, { achieved, lagMs, cpuUs, wrong }: Figures): void {
  const lag = [lagMs.p50, lagMs.p99, lagMs.max].map((ms) => ms.toFixed(2)).join(" / ");
  const odd = wrong === 0 ? "" : `   ${wrong} WRONG ANSWERS`;
  say(
    `${name.padEnd(28)}achieved ${achieved.toFixed(2)} %   send lag p50/p99/max ${lag} ms   ` +
      `${cpuUs.toFixed(1)} µs CPU a request${odd}`,
  );
}

function tellPeer(name: string, { requestsPerSecond, cpuUs }: PeerFigures, ratio: number): void {
  const rate = Math.round(requestsPerSecond).toLocaleString("en-US");
  say(
    `${name.padEnd(28)}${rate}/s   ${cpuUs.toFixed(1)} µs CPU a request   ` +
      `ratio, couponlive to it: ${ratio.toFixed(2)}`,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function startServer(): Promise<{ url: URL; stop: () => void }> {
  const script = new URL("./constant-server.ts", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, script], { stdio: ["ignore", "pipe", "inherit"] });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return { url: new URL(new TextDecoder().decode(value).trim()), stop: () => child.kill() };
}

/** The figures of the rounds, each the median of its own. */
function medianOf(rounds: readonly Figures[]): Figures {
  const of = (figure: (round: Figures) => number) => median(rounds.map(figure));
  return {
    achieved: of(({ achieved }) => achieved),
    lagMs: {
      p50: of(({ lagMs }) => lagMs.p50),
      p99: of(({ lagMs }) => lagMs.p99),
      max: of(({ lagMs }) => lagMs.max),
    },
    cpuUs: of(({ cpuUs }) => cpuUs),
    wrong: rounds.reduce((sum, { wrong }) => sum + wrong, 0),
  };
}

/** Runs the peers beside a round of ours: by name, what each took. */
function measurePeers(url: URL, { connections, ratePerSecond, transport }: Case) {
  const figures = new Map<string, PeerFigures>();
  if (transport.http === "2") return figures;
  const load = { url, seconds: DURATION_MS / 1000, connections };
  const wrk = measureWrk("wrk", { ...load, ratePerSecond: undefined });
  if (wrk !== undefined) figures.set("wrk, as fast as it can", wrk);
  if (options.wrk2 === undefined) return figures;
  const wrk2 = measureWrk(options.wrk2, { ...load, ratePerSecond });
  if (wrk2 !== undefined) figures.set("wrk2, at this rate", wrk2);
  return figures;
}

async function compare(url: URL, each: Case): Promise<void> {
  const rate = each.ratePerSecond.toLocaleString("en-US");
  say(`\n${each.name}, ${rate}/s: ${ROUNDS} rounds of ${DURATION_MS / 1000} s`);
  const ours: Figures[] = [];
  const ratios = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    const late = measureLatePercent(MACHINE_LAG_MS).toFixed(2);
    say(`  before it, a thread that only sleeps is more than 1 ms late for ${late} % of arrivals`);
    const figures = await measure(url, each);
    tell("  couponlive", figures);
    ours.push(figures);
    for (const [peer, theirs] of measurePeers(url, each)) {
      const ratio = figures.cpuUs / theirs.cpuUs;
      tellPeer(`  ${peer}`, theirs, ratio);
      ratios.set(peer, [...(ratios.get(peer) ?? []), ratio]);
    }
  }
  tell("  medians: couponlive", medianOf(ours));
  for (const [peer, values] of ratios) {
    say(`  median ratio of CPU a request, couponlive to ${peer}: ${median(values).toFixed(2)}`);
  }
}

const { url, stop } = await startServer();
try {
  for (const each of CASES) await compare(url, each);
} finally {
  stop();
}
