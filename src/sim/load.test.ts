/** The whole path of the load: threads, real sockets, a real server that answers by the API. */
import { afterEach, describe, expect, test } from "bun:test";
import { type Server, serve } from "bun";
import { Fleet, type LoadPlan, type LoadResult } from "./fleet.ts";
import { encodeSettings } from "./http2/frames.ts";
import type { WorkerProgress } from "./messages.ts";
import { OUTCOMES } from "./outcomes.ts";

const CODE = "7ZK2-0QXH-41VD-M8RT";
const servers: Server<undefined>[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop(true)));
});

function start(
  fetch: (request: Request, server: Server<undefined>) => Response | Promise<Response>,
): URL {
  const server = serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 0, fetch });
  servers.push(server);
  return server.url;
}

/** 2,000 claims. */
const PLAN: Omit<LoadPlan, "url"> = {
  eventId: "rush",
  shape: { kind: "constant", ratePerSecond: 4_000 },
  durationMs: 500,
  graceMs: 20_000,
  users: 1_000,
  seed: 7,
  workers: 2,
  connections: 8,
  tokens: { secret: "s".repeat(32), previousSecret: undefined, issuer: "i", audience: "a" },
  tokenLifetimeSeconds: 60,
};

async function fire(plan: Partial<LoadPlan> & Pick<LoadPlan, "url">): Promise<LoadResult> {
  const fleet = new Fleet({ ...PLAN, ...plan }, () => {});
  try {
    await fleet.prepare();
    return await fleet.run();
  } finally {
    fleet.close();
  }
}

function expectBalance({ ledger, tally }: LoadResult): void {
  expect(ledger.sent + ledger.shed + ledger.unsent).toBe(ledger.scheduled);
  expect(OUTCOMES.reduce((sum, outcome) => sum + tally.outcomes[outcome], 0)).toBe(ledger.sent);
}

function subjectOf(request: Request): string {
  const payload = request.headers.get("authorization")?.split(".")[1] ?? "";
  const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
  return String(Reflect.get(Object(claims), "sub"));
}

const grant = (status: "issued" | "already_issued", rank: number) =>
  Response.json({ status, rank, code: CODE }, { status: status === "issued" ? 201 : 200 });
const problem = (status: number, code: string) =>
  Response.json({ code }, { status, headers: { "content-type": "application/problem+json" } });

describe("a rush over real sockets", () => {
  test("claims for every member twice, and keeps what each was told", async () => {
    const ranks = new Map<string, number>();
    const paths = new Set<string>();
    const url = start((request) => {
      const member = subjectOf(request);
      paths.add(`${request.method} ${new URL(request.url).pathname}`);
      const rank = ranks.get(member);
      if (rank !== undefined) return grant("already_issued", rank);
      if (ranks.size === 600) return problem(410, "sold_out");
      ranks.set(member, ranks.size + 1);
      return grant("issued", ranks.size);
    });
    const result = await fire({ url });
    expectBalance(result);
    expect(result.ledger).toEqual({ scheduled: 2_000, sent: 2_000, shed: 0, unsent: 0 });
    expect(result.tally.outcomes).toMatchObject({ issued: 600, alreadyIssued: 600, soldOut: 800 });
    expect(result.tally.latencyOf("issued")?.totalCount).toBe(600);
    expect(result.tally.sendLag().totalCount).toBe(2_000);
    expect(paths).toEqual(new Set(["POST /v1/events/rush/claims"]));
    expect(ranks.size).toBe(600);
    for (let member = 1; member <= 1_000; member++) {
      const rank = ranks.get(`member-${String(member).padStart(7, "0")}`);
      expect(result.told.grantOf(member)).toEqual(
        rank === undefined ? undefined : { rank, code: CODE },
      );
      expect(result.told.wasTold(member, "soldOut")).toBe(rank === undefined);
      expect(result.told.wasIssuedTwice(member)).toBe(false);
    }
  });

  test("counts latency from the due time: a stall is in every request that waited", async () => {
    let stall: Promise<void> | undefined;
    const url = start(async () => {
      stall ??= Bun.sleep(600);
      await stall;
      return problem(410, "sold_out");
    });
    const result = await fire({ url, workers: 1, connections: 2, durationMs: 200 });
    expectBalance(result);
    expect(result.tally.outcomes.soldOut).toBe(800);
    expect(result.tally.waitedForConnection).toBeGreaterThanOrEqual(790);
    // Two requests were in flight during the stall; the other 798 were due and waited with them.
    const latency = result.tally.latencyOf("soldOut");
    expect(latency?.getValueAtPercentile(1)).toBeGreaterThan(100_000);
  });

  test("pipelines where it was asked to: fewer wait for their connection", async () => {
    let mostWaiting = 0;
    const waiting: { write(text: string): unknown }[] = [];
    // Answers once all four of both connections are there: without pipelining none ever would be.
    const server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket, chunk) {
          const requests = chunk.toString("latin1").split("\r\n\r\n").length - 1;
          for (let each = 0; each < requests; each++) waiting.push(socket);
          mostWaiting = Math.max(mostWaiting, waiting.length);
          if (waiting.length < 8) return;
          for (const each of waiting.splice(0)) {
            each.write('HTTP/1.1 410 Gone\r\ncontent-length: 19\r\n\r\n{"code":"sold_out"}');
          }
        },
      },
    });
    const url = new URL(`http://127.0.0.1:${server.port}`);
    const transport = { http: "1.1", streams: 4, insecure: false } as const;
    const result = await fire({ url, transport, workers: 1, connections: 2, durationMs: 200 });
    server.stop(true);
    expectBalance(result);
    expect(result.tally.outcomes.soldOut).toBe(800);
    expect(result.tally.connectionsLost).toBe(0);
    expect(mostWaiting).toBe(8);
  });

  test("sheds what has waited too long, and leaves unsent what the run's end overtakes", async () => {
    // Longer than all arrivals are due in, counted from the first: by then all others are shed.
    let firstAnswer: Promise<void> | undefined;
    const url = start(async () => {
      firstAnswer ??= Bun.sleep(600);
      await firstAnswer;
      return problem(410, "sold_out");
    });
    const shedding = await fire({
      url,
      workers: 1,
      connections: 2,
      durationMs: 200,
      maxWaitMs: 50,
    });
    expectBalance(shedding);
    expect(shedding.ledger).toEqual({ scheduled: 800, sent: 2, shed: 798, unsent: 0 });

    const never = start(() => new Promise<Response>(() => {}));
    const limits = { connectTimeoutMs: 1_000, requestTimeoutMs: 300, reconnectDelayMs: 10 };
    const ended = await fire({
      url: never,
      workers: 1,
      connections: 2,
      durationMs: 100,
      graceMs: 0,
      limits,
    });
    expectBalance(ended);
    expect(ended.ledger).toEqual({ scheduled: 400, sent: 2, shed: 0, unsent: 398 });
    expect(ended.tally.outcomes.unknown).toBe(2);
    expect(ended.tally.reasons).toEqual([{ reason: "no answer in time", count: 2 }]);
  });

  test("a lost connection leaves its request unknown and opens again", async () => {
    let requests = 0;
    const dropper = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket) {
          requests++;
          if (requests % 10 === 0) socket.terminate();
          else if (requests % 10 === 5)
            socket.write("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n");
          else if (requests % 10 === 7)
            socket.end(
              'HTTP/1.1 410 Gone\r\nconnection: close\r\ncontent-length: 19\r\n\r\n{"code":"sold_out"}',
            );
          else socket.write('HTTP/1.1 410 Gone\r\ncontent-length: 19\r\n\r\n{"code":"sold_out"}');
        },
      },
    });
    const result = await fire({
      url: new URL(`http://127.0.0.1:${dropper.port}`),
      durationMs: 100,
    });
    dropper.stop(true);
    expectBalance(result);
    expect(requests).toBe(400);
    expect(result.tally.outcomes).toMatchObject({ soldOut: 320, unknown: 80 });
    expect(result.tally.connectionsLost).toBe(120);
    expect(result.tally.reasons).toEqual(
      expect.arrayContaining([
        { reason: expect.stringMatching(/^the connection (was lost|failed)$/), count: 40 },
        { reason: "a malformed answer: the content-length is not a number", count: 40 },
      ]),
    );
  });

  test("tells while it goes on of intruders served, and of coupons after «sold out»", async () => {
    let requests = 0;
    // It errs on its first claim, and takes anyone.
    const url = start(() =>
      ++requests === 1 ? problem(410, "sold_out") : grant("issued", requests),
    );
    const words = new Map<number, WorkerProgress>();
    const fleet = new Fleet(
      { ...PLAN, url, scenario: "intruders", users: 2_000, graceMs: 30_000 },
      (worker, progress) => words.set(worker, progress),
    );
    await fleet.prepare();
    const { tally, told, credentials } = await fleet.run();
    fleet.close();
    expect(tally.outcomes).toMatchObject({ soldOut: 1, issued: 1_999 });
    const served = credentials.filter((shown, row) => shown !== 0 && told.wasTold(row, "issued"));
    const last = [...words.values()];
    const intrudersServed = last.reduce((total, each) => total + each.intrudersServed, 0);
    expect(intrudersServed).toBeGreaterThan(0);
    expect(intrudersServed).toBe(served.length);
    const soldOutUs = last.map((each) => each.firstSoldOutUs);
    expect(soldOutUs.filter(Number.isFinite)).toHaveLength(1);
    const lastIssuedSentUs = Math.max(...last.map((each) => each.lastIssuedSentUs));
    expect(lastIssuedSentUs).toBeGreaterThan(Math.min(...soldOutUs));
  });

  test("stops early: what is in flight is answered, the rest is unsent", async () => {
    const url = start(() => problem(409, "not_open"));
    const fleet: Fleet = new Fleet(
      {
        url,
        eventId: "rush",
        shape: { kind: "constant", ratePerSecond: 1_000 },
        durationMs: 60_000,
        graceMs: 0,
        users: 10,
        seed: 1,
        workers: 2,
        connections: 4,
        tokens: { secret: "s".repeat(32), previousSecret: undefined, issuer: "i", audience: "a" },
        tokenLifetimeSeconds: 60,
      },
      (_worker, progress) => {
        if (progress.sent > 50) fleet.stop();
      },
    );
    await fleet.prepare();
    const result = await fleet.run();
    fleet.close();
    expectBalance(result);
    expect(result.stopped).toBe(true);
    expect(result.ledger.unsent).toBeGreaterThan(0);
    expect(result.tally.outcomes.notOpen).toBe(result.ledger.sent);
  });

  test("a server that is not there fails the preparation", async () => {
    const url = start(() => problem(410, "sold_out"));
    await Promise.all(servers.splice(0).map((server) => server.stop(true)));
    await expect(fire({ url })).rejects.toThrow("the connection was refused");
  });

  test("a server that takes fewer connections than are wanted is told of", async () => {
    let taken = 0;
    const settings = encodeSettings([]);
    const server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (socket) => void (++taken > 70 ? socket.terminate() : socket.write(settings)),
        data() {},
      },
    });
    const url = new URL(`http://127.0.0.1:${server.port}`);
    const transport = { http: "2", streams: 1, insecure: false } as const;
    const fired = fire({ url, transport, workers: 1, connections: 80 });
    await expect(fired).rejects.toThrow(/^a load worker failed: \d+ of 80 connections were open, /);
    server.stop(true);
  });
});
