/**
 * The few calls into Linux that carry the load, and the forms of what they take: socket(2), epoll(7),
 * ip(7), ipv6(7), tcp(7). Numbers are those of x86-64 and arm64, which agree.
 */
import { dlopen, ptr } from "bun:ffi";
import { isIPv6 } from "node:net";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0x800 | 0x8_0000;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EPOLL_CLOEXEC = 0x8_0000;
const EPOLL_CTL_ADD = 1;

export const EPOLL = {
  in: 1,
  out: 4,
  error: 8,
  hangUp: 16,
  /** The other side will send no more. */
  peerClosed: 0x2000,
  /** Told once when it comes about, and not for as long as it lasts: which spares a look at each socket. */
  edge: 0x8000_0000,
} as const;

/** `struct epoll_event` is packed on x86-64 alone. */
const EVENT = process.arch === "x64" ? { bytes: 12, dataAt: 4 } : { bytes: 16, dataAt: 8 };
const MAX_EVENTS = 512;
/** More than that is received in pieces. */
export const RECEIVE_BYTES = 64 * 1024;
const MAX_KEPT_VIEW_BYTES = 4_096;

const INT32_BYTES = 4;

/** The C library's functions. @throws where there is no such library */
function loadLibrary() {
  return dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
    // Never more than RECEIVE_BYTES or a buffer's length: the result fits 32 bits.
    send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
    recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
    usleep: { args: ["u32"], returns: "i32" },
    epoll_create1: { args: ["i32"], returns: "i32" },
    epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
    epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  }).symbols;
}

/** The calls of one thread, with the memory that they fill. */
export class SystemCalls {
  readonly #library = loadLibrary();
  readonly #received = Buffer.alloc(RECEIVE_BYTES);
  /** Views of its beginning, by their length: answers repeat theirs, and a new view costs a microsecond. */
  readonly #views: Buffer[] = [];
  readonly #receivedAt = ptr(this.#received);
  readonly #events = new DataView(new ArrayBuffer(MAX_EVENTS * EVENT.bytes));
  readonly #eventsAt = ptr(this.#events);
  readonly #event = new DataView(new ArrayBuffer(EVENT.bytes));
  readonly #option = new Int32Array(1);
  readonly #optionBytes = new Uint32Array([INT32_BYTES]);

  /** A socket that begins to connect to the address; negative when the system has none left. */
  connect(address: string, port: number): number {
    const family = isIPv6(address) ? AF_INET6 : AF_INET;
    const fd = this.#library.socket(family, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) return fd;
    this.#option[0] = 1;
    this.#library.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ptr(this.#option), INT32_BYTES);
    const name = socketAddress(address, port);
    // What becomes of it is told by the socket's readiness to be written to.
    this.#library.connect(fd, ptr(name), name.length);
    return fd;
  }

  /** The error that waits on the socket, as a number of errno(3); 0 for none. */
  takeError(fd: number): number {
    this.#option[0] = 0;
    this.#library.getsockopt(fd, SOL_SOCKET, SO_ERROR, ptr(this.#option), ptr(this.#optionBytes));
    return this.#option[0] ?? 0;
  }

  /** How many bytes the socket took; negative where it takes none now. */
  send(fd: number, bytes: Uint8Array, offset: number, length: number): number {
    return this.#library.send(fd, ptr(bytes, offset), length, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  /** What has arrived, as a view that the next call overwrites; empty at the end, undefined where nothing has. */
  receive(fd: number): Buffer | undefined {
    const length = this.#library.recv(fd, this.#receivedAt, RECEIVE_BYTES, MSG_DONTWAIT);
    if (length < 0) return undefined;
    if (length > MAX_KEPT_VIEW_BYTES) return this.#received.subarray(0, length);
    let view = this.#views[length];
    if (view === undefined) {
      view = this.#received.subarray(0, length);
      this.#views[length] = view;
    }
    return view;
  }

  close(fd: number): void {
    this.#library.close(fd);
  }

  sleep(ms: number): void {
    this.#library.usleep(Math.ceil(ms * 1000));
  }

  createEpoll(): number {
    const epoll = this.#library.epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) throw new Error("the system has no file descriptor left (ulimit -n)");
    return epoll;
  }

  /** Asks to be told, by this id, when the socket becomes ready for what `interest` names. */
  watch(epoll: number, fd: number, interest: number, id: number): void {
    this.#event.setUint32(0, interest, true);
    this.#event.setUint32(EVENT.dataAt, id, true);
    this.#library.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, ptr(this.#event));
  }

  /** Waits for the first that is ready, at most so long, and tells each: its id, and for what. */
  wait(epoll: number, waitMs: number, tell: (id: number, ready: number) => void): void {
    const count = this.#library.epoll_wait(epoll, this.#eventsAt, MAX_EVENTS, waitMs);
    for (let index = 0; index < count; index++) {
      const at = index * EVENT.bytes;
      tell(this.#events.getUint32(at + EVENT.dataAt, true), this.#events.getUint32(at, true));
    }
  }
}

/** `struct sockaddr_in` or `sockaddr_in6`: the family in the machine's order, all else in the network's. */
function socketAddress(address: string, port: number): Uint8Array {
  const isV6 = isIPv6(address);
  const bytes = new Uint8Array(isV6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isV6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port, false);
  if (isV6) bytes.set(ipv6Bytes(address), 8);
  else bytes.set(address.split(".").map(Number), 4);
  return bytes;
}

/** RFC 4291, section 2.2: groups of four hexadecimal digits, `::` for as many zeros as are missing. */
function ipv6Bytes(address: string): number[] {
  const [plain = ""] = address.split("%");
  const [before = "", after] = plain.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [head, tail] = [groups(before), groups(after ?? "")];
  const missing = new Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0");
  return [...head, ...missing, ...tail].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
