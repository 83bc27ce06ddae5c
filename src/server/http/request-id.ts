/**
 * The id by which a request is found in logs: the caller's `X-Request-Id`, or the trace id of its
 * `traceparent` (W3C Trace Context), or one that is made up the first time somebody asks.
 */
export const REQUEST_ID_HEADER = "x-request-id";

/** What may stand in a header and a log line without harm. */
const WELL_FORMED = /^[A-Za-z0-9._:/+=-]{1,128}$/;
/** Version, trace id, parent id, flags (Trace Context, 3.2.2). A trace id of zeros is invalid. */
const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

const made = new WeakMap<Request, string>();

/** The same for a request however often it is asked for. */
export function requestIdOf(request: Request): string {
  let id = made.get(request);
  if (id === undefined) {
    id = givenRequestId(request) ?? crypto.randomUUID();
    made.set(request, id);
  }
  return id;
}

/** What the caller calls it; undefined where it gave no name, or none that is well-formed. */
export function givenRequestId({ headers }: Request): string | undefined {
  const given = headers.get(REQUEST_ID_HEADER);
  if (given !== null && WELL_FORMED.test(given)) return given;
  return TRACEPARENT.exec(headers.get("traceparent") ?? "")?.[1];
}
