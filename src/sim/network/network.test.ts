/** Both networks against a real server: what a link relies on holds for each. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Socket, TCPSocketListener } from "bun";
import { keepGoing } from "../../../test/support/network.ts";
import { BunNetwork } from "./bun-network.ts";
import { EpollNetwork } from "./epoll-network.ts";
import type { Network, Wire } from "./network.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0).reverse()) clean();
});

/** A server that does this with what it is sent. */
function listen(
  data: (socket: Socket<undefined>, chunk: Buffer) => void,
  hostname = "127.0.0.1",
): TCPSocketListener<undefined> {
  const server = Bun.listen<undefined>({ hostname, port: 0, socket: { data } });
  cleanups.push(() => server.stop(true));
  return server;
}

/** Dials, and collects what the wire tells. */
function dial(network: Network, hostname: string, port: number) {
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  let received = Buffer.alloc(0);
  /** What had been received when the other side closed in order. */
  const finished: string[] = [];
  let onReceived: () => void = () => undefined;
  let onDrained: () => void = () => undefined;
  const wire: Wire = network.dial({ hostname, port }, "http/1.1", {
    opened: () => opened.resolve(),
    received: (chunk) => {
      received = Buffer.concat([received, chunk]);
      onReceived();
    },
    drained: () => onDrained(),
    finished: () => finished.push(received.toString()),
    ended: (reason) => ended.resolve(reason),
  });
  cleanups.push(() => wire.close());
  return {
    wire,
    finished,
    opened: opened.promise,
    ended: ended.promise,
    received: async (length: number) => {
      await new Promise<void>((resolve) => {
        onReceived = () => {
          if (received.length >= length) resolve();
        };
        onReceived();
      });
      return received;
    },
    onDrained: (callback: () => void) => {
      onDrained = callback;
    },
  };
}

const NETWORKS: [name: string, create: () => Network][] = [
  ["Bun's", () => new BunNetwork()],
  ...(process.platform === "linux"
    ? [["Linux's", () => new EpollNetwork({ sharesThread: true })] as [string, () => Network]]
    : []),
];

describe.each(NETWORKS)("%s sockets", (_name, create) => {
  function start(): Network {
    const network = create();
    cleanups.push(keepGoing(network));
    return network;
  }

  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["127.0.0.1", "localhost"],
  ])("to a server on %s as %s: bytes go and come", async (address, hostname) => {
    const server = listen((socket, chunk) => void socket.write(chunk), address);
    const { wire, opened, received } = dial(start(), hostname, server.port);
    await opened;
    const bytes = Buffer.from("--hello--");
    expect(wire.write(bytes, 2, 5)).toBe(5);
    expect((await received(5)).toString()).toBe("hello");
  });

  test("more than a socket takes at once arrives whole, part after part", async () => {
    const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)));
    const parts = Array.from({ length: 200 }, () => bytes);
    const whole = Buffer.concat(parts);
    let got = 0;
    const hash = new Bun.CryptoHasher("sha256");
    const done = Promise.withResolvers<void>();
    const server = listen((_socket, chunk) => {
      hash.update(chunk);
      got += chunk.length;
      if (got === whole.length) done.resolve();
    });
    const { wire, opened, onDrained } = dial(start(), "127.0.0.1", server.port);
    await opened;
    let written = 0;
    let pauses = 0;
    const write = () => {
      written += wire.write(whole, written, whole.length - written);
      if (written < whole.length) pauses++;
    };
    onDrained(write);
    write();
    await done.promise;
    expect(pauses).toBeGreaterThan(0);
    expect(hash.digest("hex")).toBe(new Bun.CryptoHasher("sha256").update(whole).digest("hex"));
  });

  test("a server that is not there refuses", async () => {
    const server = listen(() => undefined);
    const { port } = server;
    server.stop(true);
    expect(await dial(start(), "127.0.0.1", port).ended).toBe("the connection was refused");
  });

  test("a name that leads nowhere refuses", async () => {
    const { ended } = dial(start(), "nowhere.invalid", 80);
    expect(await ended).toBe("the connection was refused");
  });

  test("a server that closes ends the wire, after what it had sent", async () => {
    const server = listen((socket) => void socket.end("bye"));
    const { wire, opened, received, finished, ended } = dial(start(), "127.0.0.1", server.port);
    await opened;
    wire.write(Buffer.from("x"), 0, 1);
    expect((await received(3)).toString()).toBe("bye");
    expect(await ended).toBe("the connection was lost");
    expect(finished).toEqual(["bye"]);
    expect(wire.write(Buffer.from("x"), 0, 1)).toBe(0);
  });

  test("a server that breaks off ends the wire", async () => {
    const server = listen((socket) => socket.terminate());
    const { wire, opened, finished, ended } = dial(start(), "127.0.0.1", server.port);
    await opened;
    wire.write(Buffer.from("x"), 0, 1);
    expect(await ended).toMatch(/^the connection (was lost|failed)$/);
    expect(finished).toEqual([]);
  });

  test("a wire that was closed tells nothing more", async () => {
    const reached = Promise.withResolvers<void>();
    const server = listen((socket) => {
      socket.write("late");
      reached.resolve();
    });
    const network = start();
    const { wire, opened, ended } = dial(network, "127.0.0.1", server.port);
    await opened;
    wire.write(Buffer.from("x"), 0, 1);
    await reached.promise;
    wire.close();
    // Another one's whole exchange is time enough.
    const other = dial(network, "127.0.0.1", server.port);
    await other.opened;
    other.wire.write(Buffer.from("x"), 0, 1);
    await other.received(4);
    expect(await Promise.race([ended, Promise.resolve("nothing")])).toBe("nothing");
  });
});
