/**
 * Node's HTTP/2 server, to test the simulator's client against an implementation that is not Bun's.
 *
 *     node http2-server.mjs MODE [CERT KEY]
 *
 * Prints its port, and serves until it is ended. The modes are the functions below; each gets the
 * stream and its number among those of the server, from 1.
 */
import { readFileSync } from "node:fs";
import http2 from "node:http2";

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM, PADDING_STRATEGY_MAX } = http2.constants;
const [, , mode, certFile, keyFile] = process.argv;
const SOLD_OUT = JSON.stringify({ code: "sold_out" });
const LONG_VALUE = "v".repeat(20_000);
const LONG_BODY = JSON.stringify({ code: "sold_out", detail: "é".repeat(2_000) });

function answer(stream) {
  stream.respond({ ":status": 410, "content-type": "application/problem+json" });
  stream.end(SOLD_OUT);
}

const modes = {
  plain: answer,
  /** Takes no dynamic table. */
  tableless: answer,
  /** A header of two frames, a body of several, trailers; all of it padded. */
  large(stream) {
    stream.respond({ ":status": 410, "x-long": LONG_VALUE }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "1" }));
    stream.end(LONG_BODY);
  },
  /** Answers when a PING has come back. */
  ping(stream) {
    stream.session.ping((error) => {
      if (error === null) answer(stream);
    });
  },
  reset(stream, number) {
    if (number % 5 === 0) stream.close(NGHTTP2_REFUSED_STREAM);
    else answer(stream);
  },
  /** Ends each connection in order at its tenth request. */
  goaway(stream) {
    const { session } = stream;
    session.served = (session.served ?? 0) + 1;
    if (session.served === 10) session.goaway(0, stream.id);
    answer(stream);
    if (session.served === 10) session.close();
  },
  /** Gives the first connection up, but neither closes nor answers it. */
  broken(stream, number) {
    if (number === 1) stream.session.isBroken = true;
    if (number === 1) stream.session.goaway(NGHTTP2_ENHANCE_YOUR_CALM, stream.id);
    if (!stream.session.isBroken) answer(stream);
  },
  destroy(stream, number) {
    if (number % 10 === 0) stream.session.destroy();
    else answer(stream);
  },
  /** Never answers the third request. */
  stuck(stream, number) {
    if (number !== 3) answer(stream);
  },
  mute() {},
};

const options = {
  settings: { maxConcurrentStreams: 4, ...(mode === "tableless" ? { headerTableSize: 0 } : {}) },
  ...(mode === "large" ? { paddingStrategy: PADDING_STRATEGY_MAX } : {}),
};
const server =
  certFile === undefined
    ? http2.createServer(options)
    : http2.createSecureServer({
        ...options,
        cert: readFileSync(certFile),
        key: readFileSync(keyFile),
      });
let streams = 0;
server.on("stream", (stream) => {
  stream.on("error", () => {});
  streams++;
  modes[mode](stream, streams);
});
server.on("session", (session) => session.on("error", () => {}));
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
