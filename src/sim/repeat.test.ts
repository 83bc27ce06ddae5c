/** The same plan sends the same bytes in the same order on every connection: real sockets. */

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { Fleet, type LoadPlan } from "./fleet.ts";
import { SCENARIOS } from "./scenario.ts";

const ANSWER = 'HTTP/1.1 410 Gone\r\ncontent-length: 19\r\n\r\n{"code":"sold_out"}';
/** 400 claims of 150 members over 6 connections. */
const PLAN: Omit<LoadPlan, "url"> = {
  eventId: "rush",
  shape: { kind: "poisson", ratePerSecond: 2_000 },
  durationMs: 200,
  graceMs: 5_000,
  users: 150,
  seed: 7,
  workers: 2,
  connections: 6,
  tokens: { secret: "s".repeat(32), previousSecret: undefined, issuer: "i", audience: "a" },
  tokenLifetimeSeconds: 60,
  tokensIssuedAtMs: 1_700_000_000_000,
};

/** Runs the plan and tells what each connection carried; a set, since they open in any order. */
async function record(plan: Omit<LoadPlan, "url">): Promise<Set<string>> {
  const carried: Buffer[][] = [];
  using server = Bun.listen<Buffer[]>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = [];
        carried.push(socket.data);
      },
      data(socket, chunk) {
        socket.data.push(Buffer.from(chunk));
        socket.write(ANSWER);
      },
    },
  });
  const fleet = new Fleet({ ...plan, url: new URL(`http://127.0.0.1:${server.port}`) }, () => {});
  try {
    await fleet.prepare();
    const { ledger } = await fleet.run();
    expect(ledger.sent).toBe(400);
  } finally {
    fleet.close();
  }
  // The port is the system's choice.
  const texts = carried.map((chunks) =>
    Buffer.concat(chunks).toString("latin1").replaceAll(`:${server.port}`, ""),
  );
  return new Set(texts.map((text) => createHash("sha256").update(text).digest("hex")));
}

test.each(SCENARIOS)("%s: a seed repeats every byte, another one does not", async (scenario) => {
  const first = await record({ ...PLAN, scenario });
  expect(first.size).toBe(6);
  expect(await record({ ...PLAN, scenario })).toEqual(first);
  const other = await record({ ...PLAN, scenario, seed: 8 });
  expect(other.isDisjointFrom(first)).toBe(true);
});
