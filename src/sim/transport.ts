/**
 * How requests travel, and what the load needs of a connection, whichever HTTP it speaks. There are
 * two real ones: Http1Connection and Http2Connection.
 */

export const HTTP_VERSIONS = ["1.1", "2"] as const;
export type HttpVersion = (typeof HTTP_VERSIONS)[number];

/** How requests travel. */
export interface Transport {
  readonly http: HttpVersion;
  /** Requests that a connection has in flight at most: streams, or with HTTP/1.1 the pipeline. */
  readonly streams: number;
  /** With https: take the server's certificate unseen. */
  readonly insecure: boolean;
}

export const DEFAULT_TRANSPORT: Transport = { http: "1.1", streams: 1, insecure: false };
export const DEFAULT_STREAMS = 32;
export const MAX_STREAMS = 1_000;
/** Requests in flight on an HTTP/1.1 connection. Servers read no further ahead than a few dozen. */
export const MAX_PIPELINE = 128;

/** Where to connect. */
export interface Target {
  readonly hostname: string;
  readonly port: number;
  /** Undefined for a connection without TLS. */
  readonly tls?: { readonly insecure: boolean };
}

export interface ConnectionLimits {
  /** Until the connection can take a request: TCP, TLS and HTTP/2's settings. */
  readonly connectTimeoutMs: number;
  /** From sending the request until its answer is whole. */
  readonly requestTimeoutMs: number;
  /** The pause after an attempt to connect that failed. */
  readonly reconnectDelayMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  connectTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  reconnectDelayMs: 100,
};

/** Of a response; a longer one is malformed. */
export const MAX_BODY_BYTES = 64 * 1024;

/** The body of an answer, from `start` to `end`. The memory is the network's: what is kept is copied. */
export interface Body {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** A body as text. What is not UTF-8 is replaced. */
export function textOf({ bytes, start, end }: Body): string {
  return bytes.toString("utf8", start, end);
}

/**
 * Told in the order in which things happen, never from within `send` or `flush`. A request is named
 * by the tag that it was sent with, and comes with the time that was given then.
 */
export interface ConnectionEvents {
  answered(tag: number, status: number, body: Body, sentAtMs: number): void;
  /** The request will have no answer, and may have been served; the reason is for the report. */
  unanswered(tag: number, reason: string, sentAtMs: number): void;
  /** There is room again. What is sent from within this is flushed by the connection. */
  ready(): void;
  /** The connection, which was open, was lost or given up. It will open itself again. */
  lost(): void;
}

export interface Connection {
  /** Opens it for the first time. Rejects when that fails; there is no second attempt. */
  open(): Promise<void>;
  /** How many requests it takes now. */
  readonly room: number;
  /**
   * Takes a request of which there is room: the bytes from start to end, as `encodeRequest` made
   * them. They must not change afterwards. They have gone out when `flush` returns, but for what
   * the socket's buffer does not take yet.
   */
  send(bytes: Uint8Array, start: number, end: number, tag: number, nowMs: number): void;
  flush(): void;
  /** Gives up what has taken longer than its limit. To be called now and then. */
  expire(nowMs: number): void;
  /** Closes for good, without a word. */
  close(): void;
}

/** A request without a body. All texts are ASCII. */
export interface RequestHead {
  readonly method: "GET" | "POST";
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  /** The value of the authorization field; undefined to send none. */
  readonly authorization: string | undefined;
}

/** Where a server's URL leads. The brackets of an IPv6 address are a URL's, not part of it. */
export function targetOf(url: URL, insecure: boolean): Target {
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  return isTls ? { hostname, port, tls: { insecure } } : { hostname, port };
}
