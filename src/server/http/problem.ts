/** Error answers as problem documents (RFC 9457) with a stable `code`. */

/** What a problem's members besides `type`, `title`, `status` and `code` may be. */
type Extension = Readonly<Record<string, string | number | null>>;

/** Every problem the server answers with. docs/http.md lists them; a test compares. */
export const PROBLEMS = {
  unauthorized: { status: 401, title: "A valid bearer token is needed" },
  invalid_credentials: { status: 401, title: "The e-mail or the password is wrong" },
  inactive_member: { status: 403, title: "This account is switched off" },
  registration_closed: { status: 403, title: "Accounts are not made here" },
  forbidden: { status: 403, title: "This needs an administrator's token" },
  invalid_request: { status: 400, title: "The request cannot be read" },
  too_large: { status: 413, title: "The request's body is too large" },
  not_found: { status: 404, title: "There is nothing at this address" },
  method_not_allowed: { status: 405, title: "This address does not answer that method" },
  unknown_event: { status: 404, title: "There is no such event" },
  unknown_window: { status: 404, title: "The event has no such window" },
  unknown_member: { status: 404, title: "There is no such account" },
  no_claim: { status: 404, title: "This member has no coupon of this event" },
  unknown_issuance: { status: 404, title: "The event has issued no such coupon" },
  unknown_coupon: { status: 404, title: "There is no coupon with this code" },
  already_redeemed: { status: 409, title: "The coupon was redeemed before" },
  already_revoked: { status: 409, title: "The coupon was revoked before" },
  cannot_return: { status: 409, title: "This event cannot take a coupon back" },
  not_open: { status: 409, title: "The event is not open now" },
  window_exhausted: { status: 409, title: "The coupons of this window are gone" },
  paused: { status: 409, title: "The event is paused" },
  event_exists: { status: 409, title: "Another event has this id" },
  event_ended: { status: 409, title: "The event has ended and cannot be changed" },
  has_issued: { status: 409, title: "The event has issued coupons" },
  stock_below_issued: { status: 409, title: "More coupons are issued than that" },
  setting_fixed: { status: 409, title: "Members were told so already" },
  window_begun: { status: 409, title: "The window has begun, or is about to" },
  window_overlap: { status: 409, title: "The windows overlap" },
  too_many_windows: { status: 409, title: "The event may not have so many windows" },
  code_taken: { status: 409, title: "Another event has these codes" },
  changed_meanwhile: { status: 409, title: "The event is being changed by others, please repeat" },
  invalid_input: { status: 422, title: "What is asked for is not possible" },
  invalid_codes: { status: 422, title: "The codes cannot be used" },
  unknown_time_zone: { status: 422, title: "There is no such time zone" },
  skipped_time: { status: 422, title: "Clocks skip this time" },
  window_in_past: { status: 422, title: "A window cannot open in the past" },
  id_taken: { status: 409, title: "Another member has this id" },
  email_taken: { status: 409, title: "Another member has this e-mail" },
  sold_out: { status: 410, title: "All coupons are gone" },
  coupon_revoked: { status: 410, title: "The coupon was revoked" },
  coupon_expired: { status: 410, title: "The coupon has expired" },
  ended: { status: 410, title: "The event has ended" },
  too_many_attempts: { status: 429, title: "Too many attempts, please wait" },
  internal: { status: 500, title: "The server failed" },
  not_in_ledger_yet: {
    status: 503,
    title: "The coupon is on its way to the ledger, please repeat",
  },
  overloaded: { status: 503, title: "Too much at once, please repeat" },
  engine_unavailable: { status: 503, title: "Claims cannot be decided now, please repeat" },
  too_many_listeners: { status: 503, title: "Too many look on at once, please repeat" },
  identity_unavailable: {
    status: 503,
    title: "The identity provider does not answer, please repeat",
  },
  shutting_down: { status: 503, title: "The server is stopping, please repeat" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Names the problem in a way that needs no network: the codes are documented in docs/http.md. */
export const PROBLEM_TYPE_PREFIX = "urn:couponlive:problem:";

/** The body of a problem document. */
export function problemBody(code: ProblemCode, extension: Extension = {}): string {
  const { status, title } = PROBLEMS[code];
  return JSON.stringify({ type: PROBLEM_TYPE_PREFIX + code, title, status, code, ...extension });
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
      "x-content-type-options": "nosniff",
      ...headers,
    },
  };
  return () => new Response(body, init);
}
