/**
 * Measures the simulator's generator against a server that answers at the least cost, and wrk (and
 * wrk2, where --wrk2 names its binary) beside it in the same minute.
 *
 *     bun scripts/bench/generator.ts [--seconds 10] [--rounds 3] [--wrk2 PATH]
 *
 * Every figure of the generator is from the code that `couponlive simulate` runs: its fleet of load
 * workers, at the rate that is given. All rounds are printed, and at the end the best one: a machine
 * is rarely quiet. wrk knows no rate: it sends as fast as it is answered, with larger and so cheaper
 * batches of system calls than any generator at a given rate has; wrk2 is the fair comparison.
 */
import { parseArgs } from "node:util";
import { Fleet } from "../../src/sim/fleet.ts";
import { percentileMs } from "../../src/sim/latency.ts";
import type { Transport } from "../../src/sim/transport.ts";
import { measureWrk, type PeerFigures } from "./wrk.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
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
/** The share of the offered rate at which it counts as held. */
const HELD_PERCENT = 99.9;
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
    `${name.padEnd(34)}achieved ${achieved.toFixed(2)} %   send lag p50/p99/max ${lag} ms   ` +
      `${cpuUs.toFixed(1)} µs CPU a request${odd}`,
  );
}

function tellPeer(name: string, peer: PeerFigures): void {
  const rate = Math.round(peer.requestsPerSecond).toLocaleString("en-US");
  say(`${name.padEnd(34)}${rate}/s   ${peer.cpuUs.toFixed(1)} µs CPU a request`);
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

/** Of the rounds that held the rate, or of all where none did, the one of the lowest CPU a request. */
function bestOfOurs(rounds: readonly Figures[]): Figures | undefined {
  const held = rounds.filter(({ achieved }) => achieved >= HELD_PERCENT);
  return best(held.length > 0 ? held : rounds);
}

/** The lowest CPU of a request among the rounds. */
function best<T extends { readonly cpuUs: number }>(rounds: readonly T[]): T | undefined {
  return rounds.toSorted((a, b) => a.cpuUs - b.cpuUs)[0];
}

const { url, stop } = await startServer();
const seconds = DURATION_MS / 1000;
try {
  for (const each of CASES) {
    const name = `${each.name}, ${each.ratePerSecond.toLocaleString("en-US")}/s`;
    say(`\n${name}: ${ROUNDS} rounds of ${seconds} s`);
    const ours: Figures[] = [];
    const peers = new Map<string, PeerFigures[]>();
    for (let round = 0; round < ROUNDS; round++) {
      const figures = await measure(url, each);
      tell("  couponlive", figures);
      ours.push(figures);
      if (each.transport.http === "2") continue;
      const load = { url, seconds, connections: each.connections };
      const runs: readonly (readonly [name: string, binary: string, rate?: number])[] = [
        ["wrk, as fast as it can", "wrk"],
        ...(options.wrk2 === undefined
          ? []
          : ([["wrk2, at this rate", options.wrk2, each.ratePerSecond]] as const)),
      ];
      for (const [peer, binary, ratePerSecond] of runs) {
        const result = measureWrk(binary, { ...load, ratePerSecond });
        if (result === undefined) continue;
        tellPeer(`  ${peer}`, result);
        peers.set(peer, [...(peers.get(peer) ?? []), result]);
      }
    }
    const mine = bestOfOurs(ours);
    if (mine === undefined) continue;
    tell("  best: couponlive", mine);
    for (const [peer, results] of peers) {
      const theirs = best(results);
      if (theirs === undefined) continue;
      tellPeer(`  best: ${peer}`, theirs);
      say(
        `  ratio of CPU a request, couponlive to ${peer}: ${(mine.cpuUs / theirs.cpuUs).toFixed(2)}`,
      );
    }
  }
} finally {
  stop();
}
