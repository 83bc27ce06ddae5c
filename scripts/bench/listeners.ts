/**
 * Measures what listeners of the live feed cost those who claim: the same load on one server, by
 * turns without and with the listeners, all in one run.
 *
 *     bun scripts/bench/listeners.ts [--listeners 10000] [--tps 3000] [--seconds 6] [--rounds 5]
 *
 * Server, load and listeners are three processes. Each turn has an event of its own, so that every
 * claim is issued a coupon, and the listeners have something to see. One turn before the rounds warms
 * the server up. The ratios compare the medians of the rounds. The server lets at most half of its
 * files be listeners: `ulimit -n` must be twice their number.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { childEnvironment, type DatabaseConfig } from "../../src/config.ts";
import { openDatabase } from "../../src/server/database.ts";
import { addWindows, createEvent } from "../../src/server/events/administration.ts";
import { processTreeCpuUs } from "../../src/sim/cpu.ts";
import { Fleet } from "../../src/sim/fleet.ts";
import { percentileMs } from "../../src/sim/latency.ts";
import { median } from "./median.ts";

const { values: options } = parseArgs({
  options: {
    listeners: { type: "string", default: "10000" },
    tps: { type: "string", default: "3000" },
    seconds: { type: "string", default: "6" },
    rounds: { type: "string", default: "5" },
  },
});
const LISTENERS = Number(options.listeners);
const RATE = Number(options.tps);
const DURATION_MS = Number(options.seconds) * 1_000;
const ROUNDS = Number(options.rounds);
const CONNECTIONS = 64;
const GRACE_MS = 5_000;
/** A server follows its database within a second. */
const FOLLOW_MS = 1_500;
const TOKENS = {
  secret: "the bench's own secret, of 32 bytes or more",
  previousSecret: undefined,
  issuer: "bench",
  audience: "bench",
};

interface Figures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUsPerClaim: number;
}

/** One turn: the load on an event of its own, with so many listeners. */
async function measure(server: Server, eventId: string, listeners: number): Promise<Figures> {
  const crowd = listeners === 0 ? undefined : await startCrowd(server, eventId, listeners);
  const claims = (RATE * DURATION_MS) / 1_000;
  const fleet = new Fleet(
    {
      url: server.url,
      transport: { http: "1.1", streams: 1, insecure: false },
      connections: CONNECTIONS,
      eventId,
      shape: { kind: "constant", ratePerSecond: RATE },
      durationMs: DURATION_MS,
      graceMs: GRACE_MS,
      users: claims,
      seed: 1,
      workers: 1,
      tokens: TOKENS,
      tokenLifetimeSeconds: 3_600,
    },
    () => undefined,
  );
  try {
    await fleet.prepare();
    const cpuBeforeUs = processTreeCpuUs(server.pid) ?? 0;
    const { ledger, tally } = await fleet.run();
    const cpuUs = (processTreeCpuUs(server.pid) ?? 0) - cpuBeforeUs;
    if (tally.outcomes.issued !== claims)
      say(`  ONLY ${tally.outcomes.issued} OF ${claims} ISSUED`);
    const latency = tally.latencyOf("issued");
    if (latency === undefined) throw new Error("no claim was issued a coupon");
    return {
      p50Ms: percentileMs(latency, 50),
      p99Ms: percentileMs(latency, 99),
      cpuUsPerClaim: cpuUs / ledger.sent,
    };
  } finally {
    fleet.close();
    await crowd?.stop();
  }
}

interface Server {
  readonly url: URL;
  readonly pid: number;
  stop(): Promise<void>;
}

async function startServer(database: DatabaseConfig): Promise<Server> {
  const program = new URL("../../src/main.ts", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, program, "serve", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: childEnvironment({ database, tokens: TOKENS }),
  });
  let output = "";
  for await (const chunk of child.stdout) {
    output += new TextDecoder().decode(chunk);
    const url = /"url":"([^"]+)"/.exec(output)?.[1];
    if (url === undefined) continue;
    const stop = async () => {
      child.kill("SIGTERM");
      await child.exited;
    };
    return { url: new URL(url), pid: child.pid, stop };
  }
  throw new Error(`the server did not start: ${output}`);
}

async function startCrowd(server: Server, eventId: string, listeners: number) {
  const feed = new URL(`/v1/events/${eventId}/live`, server.url).href;
  const script = new URL("./crowd.ts", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, script, feed, String(listeners)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  await reader.read();
  const startedMs = performance.now();
  return {
    stop: async () => {
      child.kill("SIGTERM");
      const { value } = await reader.read();
      const memory = /VmRSS:\s+(\d+) kB/.exec(
        readFileSync(`/proc/${server.pid}/status`, "utf8"),
      )?.[1];
      const [messages = 0, lost = 0] = decoder.decode(value).trim().split(" ").map(Number);
      const seconds = (performance.now() - startedMs) / 1_000;
      say(
        `  ${listeners} listeners: ${Math.round(messages / seconds)} snapshots a second, ${lost} lost, server ${Math.round(Number(memory) / 1_024)} MiB`,
      );
    },
  };
}

function tell(name: string, { p50Ms, p99Ms, cpuUsPerClaim }: Figures): void {
  say(
    `${name.padEnd(20)}p50 ${p50Ms.toFixed(2)} ms   p99 ${p99Ms.toFixed(2)} ms   ` +
      `server ${cpuUsPerClaim.toFixed(1)} µs CPU a claim`,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function medianOf(rounds: readonly Figures[]): Figures {
  const middle = (figure: (round: Figures) => number) => median(rounds.map(figure));
  return {
    p50Ms: middle((round) => round.p50Ms),
    p99Ms: middle((round) => round.p99Ms),
    cpuUsPerClaim: middle((round) => round.cpuUsPerClaim),
  };
}

const directory = mkdtempSync(join(tmpdir(), "couponlive-bench-"));
const config = { db: join(directory, "bench.db"), dbToken: undefined };
const database = await openDatabase(config.db);
const turns = Array.from({ length: ROUNDS * 2 + 1 }, (_, turn) => `turn-${turn}`);
for (const id of turns) {
  await createEvent(database, { id, name: id, windowLengthMs: 3_600_000 });
  const nowMs = Date.now();
  await addWindows(database, id, [{ opensAtMs: nowMs }], { nowMs });
}
const server = await startServer(config);
try {
  await Bun.sleep(FOLLOW_MS);
  const without: Figures[] = [];
  const listened: Figures[] = [];
  for (const [turn, eventId] of turns.entries()) {
    const isListened = turn % 2 === 0;
    const figures = await measure(server, eventId, isListened ? LISTENERS : 0);
    tell(isListened ? "with listeners" : "without", figures);
    if (turn > 0) (isListened ? listened : without).push(figures);
  }
  const [alone, crowded] = [medianOf(without), medianOf(listened)];
  const ratio = (figure: (round: Figures) => number) =>
    (figure(crowded) / figure(alone)).toFixed(2);
  say(
    `with to without: p50 ${ratio((f) => f.p50Ms)}, p99 ${ratio((f) => f.p99Ms)}, ` +
      `CPU a claim ${ratio((f) => f.cpuUsPerClaim)}`,
  );
} finally {
  await server.stop();
  database.close();
  rmSync(directory, { recursive: true, force: true });
}
