/** What became of a request, as the client that sent it saw it. */

/** The outcomes, by the names they have in the report. Their order numbers them. */
export const OUTCOMES = [
  "issued",
  "alreadyIssued",
  "soldOut",
  "notOpen",
  "windowExhausted",
  "paused",
  "ended",
  "overloaded",
  "unauthorized",
  /** Any other refusal that the server gave a reason for: a problem document with a status 4xx. */
  "otherRefusals",
  /** A status 5xx, or an answer that is not one of the API's. */
  "error",
  /** No answer came: the connection was lost, or the time ran out. It may have been granted. */
  "unknown",
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** Refusals of an event that gives nothing now, to whom it had given nothing before. */
export const CLOSED_OUTCOMES = [
  "notOpen",
  "windowExhausted",
  "paused",
  "ended",
] as const satisfies readonly Outcome[];

/** The longest coupon code that the simulator keeps, in characters of ASCII. */
export const MAX_CODE_LENGTH = 64;
export const MAX_RANK = 0xffff_ffff;

export type Answer =
  | { readonly outcome: "issued" | "alreadyIssued"; readonly rank: number; readonly code: string }
  | {
      readonly outcome: Exclude<Outcome, "issued" | "alreadyIssued">;
      /** For refusals and errors that are not every run's business: what was said, in few words. */
      readonly reason?: string;
    };

const SOLD_OUT: Answer = { outcome: "soldOut" };
const NOT_OPEN: Answer = { outcome: "notOpen" };
const WINDOW_EXHAUSTED: Answer = { outcome: "windowExhausted" };
const PAUSED: Answer = { outcome: "paused" };
const ENDED: Answer = { outcome: "ended" };
const OVERLOADED: Answer = { outcome: "overloaded" };
const UNAUTHORIZED: Answer = { outcome: "unauthorized" };

/** Reads the answer to a claim from its status and body (the HTTP table of the design). */
export function readAnswer(status: number, body: string): Answer {
  const document = parseObject(body);
  if (document === undefined) return errorAnswer(status, "without a JSON object");
  if (status === 200 || status === 201) return readGrant(status, document);
  const code: unknown = Reflect.get(document, "code");
  if (typeof code !== "string") return errorAnswer(status, "without a problem code");
  if (status === 410 && code === "sold_out") return SOLD_OUT;
  if (status === 409 && code === "not_open") return NOT_OPEN;
  if (status === 409 && code === "window_exhausted") return WINDOW_EXHAUSTED;
  if (status === 409 && code === "paused") return PAUSED;
  if (status === 410 && code === "ended") return ENDED;
  if (status === 503 && code === "overloaded") return OVERLOADED;
  if (status === 401) return UNAUTHORIZED;
  if (status >= 400 && status < 500) {
    return { outcome: "otherRefusals", reason: `${status} ${printable(code)}` };
  }
  return errorAnswer(status, printable(code));
}

function readGrant(status: number, document: object): Answer {
  const said: unknown = Reflect.get(document, "status");
  const rank: unknown = Reflect.get(document, "rank");
  const code: unknown = Reflect.get(document, "code");
  const outcome =
    status === 201 && said === "issued"
      ? "issued"
      : status === 200 && said === "already_issued"
        ? "alreadyIssued"
        : undefined;
  if (outcome === undefined) return errorAnswer(status, "with another status in its body");
  if (typeof rank !== "number" || !Number.isInteger(rank) || rank < 1 || rank > MAX_RANK) {
    return errorAnswer(status, "without a rank");
  }
  if (typeof code !== "string" || code.length > MAX_CODE_LENGTH || !/^[!-~]+$/.test(code)) {
    return errorAnswer(status, "without a code");
  }
  return { outcome, rank, code };
}

function errorAnswer(status: number, what: string): Answer {
  return { outcome: "error", reason: `HTTP ${status} ${what}` };
}

function parseObject(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A code from outside, made fit for a line of the report. */
function printable(code: string): string {
  return code.replaceAll(/[^\w.-]/g, "?").slice(0, 40);
}
