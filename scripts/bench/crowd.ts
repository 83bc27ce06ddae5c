/**
 * Listens to a live feed on many connections, as a child of listeners.ts.
 *
 *     bun scripts/bench/crowd.ts URL LISTENERS
 *
 * Prints «ready» when every one has had its first snapshot, and at its end (SIGTERM) how many
 * snapshots came in all, and how many connections were lost.
 */
import { argv } from "node:process";

const [, , address = "", count = "0"] = argv;
const url = new URL(address);
const listeners = Number(count);
/** Opening all at once would overflow the server's backlog. */
const OPEN_AT_ONCE = 50;
const MESSAGE = Buffer.from("\ndata: ");

const request = `GET ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\naccept: text/event-stream\r\n\r\n`;
let messages = 0;
let lost = 0;

function listen(): Promise<void> {
  const first = Promise.withResolvers<void>();
  void Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open: (socket) => {
        socket.write(request);
      },
      data: (_socket, chunk) => {
        for (let at = chunk.indexOf(MESSAGE); at >= 0; at = chunk.indexOf(MESSAGE, at + 1)) {
          messages++;
          first.resolve();
        }
      },
      close: () => {
        lost++;
      },
    },
  });
  return first.promise;
}

for (let opened = 0; opened < listeners; opened += OPEN_AT_ONCE) {
  const some = Math.min(OPEN_AT_ONCE, listeners - opened);
  await Promise.all(Array.from({ length: some }, listen));
}
process.stdout.write("ready\n");
messages = 0;
process.on("SIGTERM", () => {
  process.stdout.write(`${messages} ${lost}\n`);
  process.exit(0);
});
