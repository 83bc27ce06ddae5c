/** The HTTP/1.1 client on real sockets: against Bun's server, Node's, and one that cuts its answers. */
import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { Socket } from "bun";
import { counts, exchange as exchangeOver } from "../../test/support/exchange.ts";
import { Http1Connection, type Http1Limits } from "./http1-connection.ts";
import { encodeHttp1Request } from "./http1-request.ts";
import { CONNECTION_LIMITS, type Target } from "./transport.ts";

const LIMITS: Http1Limits = { ...CONNECTION_LIMITS, pipeline: 8, reconnectDelayMs: 1 };

const LOST = "the connection was lost";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Each request has a path of its own, so that an answer tells which one it belongs to. */
const requestOf = (tag: number) =>
  encodeHttp1Request({
    method: "POST",
    scheme: "http",
    authority: "127.0.0.1",
    path: `/${tag}`,
    authorization: "Bearer token",
  });

const exchange = (target: Target, count: number, limits: Partial<Http1Limits> = {}) =>
  exchangeOver(
    target,
    count,
    requestOf,
    (network, events) => new Http1Connection(network, target, { ...LIMITS, ...limits }, events),
  );

const at = (port: number | undefined): Target => ({ hostname: "127.0.0.1", port: port ?? 0 });

/** @param isSlow one in three answers takes a while, which Bun's server does not pipeline */
function startBun(isSlow: boolean): Target {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const path = new URL(request.url).pathname;
      const response = new Response(path, { status: 410 });
      if (!isSlow || Number(path.slice(1)) % 3 > 0) return response;
      return Bun.sleep(1).then(() => response);
    },
  });
  cleanups.push(() => server.stop(true));
  return at(server.port);
}

/** Answers at different speeds: the order of the answers is the connection's, not the server's. */
async function startNode(): Promise<Target> {
  const server = createServer((request, response) => {
    const answer = () => response.writeHead(410).end(request.url);
    if (Number(request.url?.slice(1)) % 3 === 0) setTimeout(answer, 1);
    else answer();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => server.close());
  const address = server.address();
  return at(typeof address === "object" ? address?.port : undefined);
}

const gone = (path: string, fields = "") =>
  `HTTP/1.1 410 Gone\r\n${fields}content-length: ${path.length}\r\n\r\n${path}`;

/** A server that answers as it is told, knowing nothing of HTTP but where requests end. */
function startRaw(answer: (paths: readonly string[], socket: Socket<{ rest: string }>) => void) {
  const server = Bun.listen<{ rest: string }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { rest: "" };
      },
      data(socket, chunk) {
        const requests = (socket.data.rest + chunk.toString("latin1")).split("\r\n\r\n");
        socket.data.rest = requests.pop() ?? "";
        answer(
          requests.map((request) => request.split(" ")[1] ?? ""),
          socket,
        );
      },
    },
  });
  cleanups.push(() => server.stop(true));
  return at(server.port);
}

const expected = (count: number) => Array.from({ length: count }, (_, tag) => `410 /${tag}`);

describe("answers belong to requests in their order", () => {
  test.each([
    ["Bun's server", () => startBun(false)],
    ["Node's server", startNode],
  ] as const)("%s, pipelined or not", async (_name, start) => {
    const target = await start();
    for (const pipeline of [1, 2, 8, 128]) {
      const told = await exchange(target, 300, { pipeline });
      expect(told.answers).toEqual(expected(300));
      expect(told.order).toEqual(told.answers.map((_, tag) => tag));
      expect(told).toMatchObject({ lost: 0, mostInFlight: pipeline });
    }
  });

  test.each([1, 7, 100, 40_000])("cut after every %p bytes", async (bytes) => {
    let rest = "";
    const target = startRaw((paths, socket) => {
      // The client, which shares the event loop, has its turn between the pieces.
      const writePiece = () => {
        socket.write(rest.slice(0, bytes));
        socket.flush();
        rest = rest.slice(bytes);
        if (rest !== "") setImmediate(writePiece);
      };
      const isWriting = rest !== "";
      rest += paths.map((path) => gone(path)).join("");
      if (!isWriting) writePiece();
    });
    const told = await exchange(target, 20, { pipeline: 5 });
    expect(told.answers).toEqual(expected(20));
    expect(told.lost).toBe(0);
  });
});

describe("what is in flight is lost with its connection", () => {
  test("Bun's server closes it when a request comes while another is being answered", async () => {
    const target = startBun(true);
    const { [LOST]: lost = 0, ...answers } = counts((await exchange(target, 60)).answers);
    expect(lost).toBeGreaterThan(0);
    expect(lost + Object.keys(answers).length).toBe(60);
    expect((await exchange(target, 60, { pipeline: 1 })).answers).toEqual(expected(60));
  });

  test("cut off after two answers and a part of the third", async () => {
    let cuts = 0;
    const target = startRaw((paths, socket) => {
      if (cuts++ > 0) socket.write(paths.map((path) => gone(path)).join(""));
      else socket.end(`${gone("/0")}${gone("/1")}HTTP/1.1 410 Go`);
    });
    const told = await exchange(target, 20, { pipeline: 5 });
    expect(told.answers.slice(0, 2)).toEqual(["410 /0", "410 /1"]);
    // Two more were sent when the two answers had come.
    expect(told.answers.slice(2, 7)).toEqual(Array(5).fill(LOST));
    expect(told.answers.slice(7)).toEqual(expected(20).slice(7));
    expect(told.lost).toBe(1);
  });

  test("«Connection: close» is the last answer, whatever follows it", async () => {
    let closings = 0;
    const target = startRaw((paths, socket) => {
      const fields = closings++ === 0 ? "connection: close\r\n" : "";
      const [first = "", ...others] = paths;
      socket.write(gone(first, fields) + others.map((path) => gone(path)).join(""));
    });
    const told = await exchange(target, 12, { pipeline: 4 });
    expect(counts(told.answers)["the server closes"]).toBe(3);
    expect(told.answers.slice(1, 4)).toEqual(Array(3).fill("the server closes"));
    expect(told.answers[0]).toBe("410 /0");
    expect(told.answers.slice(4)).toEqual(expected(12).slice(4));
  });

  test("the oldest request that is late is late for all", async () => {
    const target = startRaw((paths, socket) => void socket.write(gone(paths[0] ?? "")));
    const told = await exchange(target, 4, { pipeline: 4, requestTimeoutMs: 50 });
    expect(told.answers).toEqual(["410 /0", ...Array(3).fill("no answer in time")]);
    expect(told.lost).toBe(1);
  });

  test("an answer that its connection ends is whole, if that ends in order", async () => {
    let answers = 0;
    const target = startRaw((paths, socket) => {
      socket.write(`HTTP/1.1 410 Gone\r\n\r\n${paths[0]}`);
      socket.flush();
      if (answers++ % 2 === 0) socket.end();
      else setImmediate(() => socket.terminate());
    });
    const told = await exchange(target, 6, { pipeline: 1 });
    expect(told.answers.filter((_, tag) => tag % 2 === 0)).toEqual(["410 /0", "410 /2", "410 /4"]);
    for (const tag of [1, 3, 5]) {
      expect(told.answers[tag]).toMatch(/^the connection (was lost|failed)$/);
    }
    expect(told.lost).toBe(6);
  });

  test.each([["HTTP/1.1 410 Gone"], [gone("/x")]])("an answer to no request: %j", async (more) => {
    let isFirst = true;
    const target = startRaw((paths, socket) => {
      socket.write(paths.map((path) => gone(path)).join("") + (isFirst ? more : ""));
      isFirst = false;
    });
    const told = await exchange(target, 4, { pipeline: 2 });
    expect(told.answers).toEqual(expected(4));
    expect(told.lost).toBe(1);
  });
});
