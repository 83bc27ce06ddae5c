/** A request as HTTP/1.1 (RFC 9112, section 3), for a connection that is kept alive. */
import type { RequestHead } from "./transport.ts";

export function encodeHttp1Request(head: RequestHead): Buffer {
  const { method, authority, path, authorization } = head;
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n` +
      (authorization === undefined ? "" : `authorization: ${authorization}\r\n`) +
      (method === "POST" ? "content-length: 0\r\n\r\n" : "\r\n"),
    "latin1",
  );
}
