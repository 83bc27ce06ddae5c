/** The two kinds of connection, chosen by the version of HTTP. */
import { Http1Connection } from "./http1-connection.ts";
import { encodeHttp1Request } from "./http1-request.ts";
import { Http2Connection } from "./http2/connection.ts";
import { encodeHttp2Request } from "./http2/request.ts";
import type { Network } from "./network/network.ts";
import type {
  Connection,
  ConnectionEvents,
  ConnectionLimits,
  HttpVersion,
  RequestHead,
  Target,
  Transport,
} from "./transport.ts";

export function createConnection(
  network: Network,
  { http, streams }: Transport,
  target: Target,
  limits: ConnectionLimits,
  events: ConnectionEvents,
): Connection {
  return http === "2"
    ? new Http2Connection(network, target, { ...limits, streams }, events)
    : new Http1Connection(network, target, { ...limits, pipeline: streams }, events);
}

/** The bytes of a request, fit for every connection of this version. */
export function encodeRequest(http: HttpVersion, head: RequestHead): Buffer {
  return http === "2" ? encodeHttp2Request(head) : encodeHttp1Request(head);
}
