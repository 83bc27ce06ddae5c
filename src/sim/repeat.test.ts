/** The same plan sends the same requests in the same order on every connection: real sockets. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import type { Socket, TCPSocketListener } from "bun";
import { data, headers } from "../../test/support/http2-session.ts";
import { Fleet, type LoadPlan } from "./fleet.ts";
import { FrameReader } from "./http2/frame-reader.ts";
import { encodeSettings, FLAG, FRAME, FRAME_HEADER_BYTES, PREFACE } from "./http2/frames.ts";
import { literalField } from "./http2/hpack-encoder.ts";
import { SCENARIOS, type Scenario } from "./scenario.ts";
import type { HttpVersion, Transport } from "./transport.ts";

/** Each test starts three fleets, beside the others; a slow machine must not fail it. */
setDefaultTimeout(60_000);

const SOLD_OUT = '{"code":"sold_out"}';
const HTTP1_ANSWER = `HTTP/1.1 410 Gone\r\ncontent-length: ${SOLD_OUT.length}\r\n\r\n${SOLD_OUT}`;
const STATUS_410 = literalField(":status", "410");
/** 400 claims of 150 members over 6 connections. */
const PLAN: Omit<LoadPlan, "url" | "transport" | "scenario" | "seed"> = {
  eventId: "rush",
  shape: { kind: "poisson", ratePerSecond: 2_000 },
  durationMs: 200,
  // A machine may be so busy that the server, which is this thread, hardly comes to answer.
  graceMs: 40_000,
  limits: { connectTimeoutMs: 40_000, requestTimeoutMs: 40_000, reconnectDelayMs: 100 },
  users: 150,
  workers: 2,
  connections: 6,
  tokens: { secret: "s".repeat(32), previousSecret: undefined, issuer: "i", audience: "a" },
  tokenLifetimeSeconds: 60,
  tokensIssuedAtMs: 1_700_000_000_000,
};

/** A connection as the server has it. */
interface Line {
  /** What it carried: every byte, or with HTTP/2 every frame of a request. */
  readonly requests: Buffer[];
  /** Takes what came, and answers. */
  take(chunk: Buffer): void;
}

function http1Line(socket: Socket<Line>): Line {
  const requests: Buffer[] = [];
  /** The beginning of a request that has not come whole. */
  let carried = "";
  return {
    requests,
    take(chunk) {
      requests.push(Buffer.from(chunk));
      carried += chunk.toString("latin1");
      const whole = carried.split("\r\n\r\n");
      carried = whole.pop() ?? "";
      socket.write(HTTP1_ANSWER.repeat(whole.length));
    },
  };
}

/** Acknowledgements and windows are left out: when those are sent is up to the server's timing. */
function http2Line(socket: Socket<Line>): Line {
  const requests: Buffer[] = [];
  const reader = new FrameReader({
    frame(type, _flags, streamId, bytes, start, end) {
      if (type !== FRAME.headers) return;
      // With its header, which has the number of the stream.
      requests.push(Buffer.from(bytes.subarray(start - FRAME_HEADER_BYTES, end)));
      socket.write(headers(streamId, FLAG.endHeaders, STATUS_410));
      socket.write(data(streamId, FLAG.endStream, SOLD_OUT));
    },
  });
  let prefaceBytes = PREFACE.length;
  socket.write(encodeSettings([]));
  return {
    requests,
    take(chunk) {
      const skipped = Math.min(prefaceBytes, chunk.length);
      prefaceBytes -= skipped;
      reader.feed(chunk.subarray(skipped));
    },
  };
}

const SERVERS = { "1.1": http1Line, "2": http2Line } as const satisfies Record<
  HttpVersion,
  unknown
>;

/** A server that notes what it is sent. One for all runs of a test, since requests name its port. */
class Recorder implements Disposable {
  readonly #server: TCPSocketListener<Line>;
  readonly #transport: Transport;
  readonly #lines: Line[] = [];

  constructor(http: HttpVersion, streams: number) {
    this.#transport = { http, streams, insecure: false };
    this.#server = Bun.listen<Line>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (socket) => {
          socket.data = SERVERS[http](socket);
          this.#lines.push(socket.data);
        },
        data: (socket, chunk) => socket.data.take(chunk),
      },
    });
  }

  /** Runs the plan and tells what each connection carried; a set, since they open in any order. */
  async record(scenario: Scenario, seed: number): Promise<Set<string>> {
    this.#lines.length = 0;
    const url = new URL(`http://127.0.0.1:${this.#server.port}`);
    const transport = this.#transport;
    const fleet = new Fleet({ ...PLAN, scenario, seed, transport, url }, () => {});
    try {
      await fleet.prepare();
      const { ledger, tally } = await fleet.run();
      expect(ledger.sent).toBe(400);
      expect(tally.outcomes.soldOut).toBe(400);
    } finally {
      fleet.close();
    }
    const carried = this.#lines.map(({ requests }) => Buffer.concat(requests));
    return new Set(carried.map((bytes) => createHash("sha256").update(bytes).digest("hex")));
  }

  [Symbol.dispose](): void {
    this.#server.stop(true);
  }
}

/** Who claims when does not depend on how claims travel: a scenario or two are enough for the others. */
const CASES: readonly [HttpVersion, inFlight: number, Scenario][] = [
  ...SCENARIOS.map((scenario): [HttpVersion, number, Scenario] => ["1.1", 1, scenario]),
  ["1.1", 4, "impatient"],
  ["2", 4, "impatient"],
  ["2", 4, "mixed"],
];

test.concurrent.each(CASES)(
  "HTTP/%s, %p in flight, %s: a seed repeats every request, another one does not",
  async (http, inFlight, scenario) => {
    using recorder = new Recorder(http, inFlight);
    const first = await recorder.record(scenario, 7);
    expect(first.size).toBe(6);
    expect(await recorder.record(scenario, 7)).toEqual(first);
    const other = await recorder.record(scenario, 8);
    expect(other.isDisjointFrom(first)).toBe(true);
  },
);
