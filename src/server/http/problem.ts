/** Error answers as problem documents (RFC 9457) with a stable `code`. */

/** What a problem's members besides `type`, `title`, `status` and `code` may be. */
type Extension = Readonly<Record<string, string | number | null>>;

/** Every problem the server answers with. docs/http.md lists them; a test compares. */
export const PROBLEMS = {
  unauthorized: { status: 401, title: "A valid bearer token is needed" },
  invalid_credentials: { status: 401, title: "The e-mail or the password is wrong" },
  inactive_member: { status: 403, title: "This member may not claim coupons" },
  forbidden: { status: 403, title: "This needs an administrator's token" },
  invalid_request: { status: 400, title: "The request cannot be read" },
  not_found: { status: 404, title: "There is nothing at this address" },
  unknown_event: { status: 404, title: "There is no such event" },
  no_claim: { status: 404, title: "This member has no coupon of this event" },
  not_open: { status: 409, title: "The event is not open now" },
  window_exhausted: { status: 409, title: "The coupons of this window are gone" },
  paused: { status: 409, title: "The event is paused" },
  sold_out: { status: 410, title: "All coupons are gone" },
  ended: { status: 410, title: "The event has ended" },
  internal: { status: 500, title: "The server failed" },
  overloaded: { status: 503, title: "Too many claims at once, please repeat" },
  engine_unavailable: { status: 503, title: "Claims cannot be decided now, please repeat" },
  too_many_listeners: { status: 503, title: "Too many look on at once, please repeat" },
  shutting_down: { status: 503, title: "The server is stopping, please repeat" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Names the problem in a way that needs no network: the codes are documented in docs/http.md. */
const TYPE_PREFIX = "urn:couponlive:problem:";

/** The body of a problem document. */
export function problemBody(code: ProblemCode, extension: Extension = {}): string {
  const { status, title } = PROBLEMS[code];
  return JSON.stringify({ type: TYPE_PREFIX + code, title, status, code, ...extension });
}

/** An answer with a problem document. */
export function problem(
  code: ProblemCode,
  extension: Extension = {},
  headers: Readonly<Record<string, string>> = {},
): Response {
  return fixedProblem(code, extension, headers)();
}

/** For the claim path: the body is made once, the answer each time. */
export function fixedProblem(
  code: ProblemCode,
  extension: Extension = {},
  headers: Readonly<Record<string, string>> = {},
): () => Response {
  const body = problemBody(code, extension);
  const init = {
    status: PROBLEMS[code].status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...headers,
    },
  };
  return () => new Response(body, init);
}
