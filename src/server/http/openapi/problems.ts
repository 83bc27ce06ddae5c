/** What the HTTP reference says of problems, beyond their status and title (problem.ts). */
import { z } from "zod";
import { PROBLEM_TYPE_PREFIX, PROBLEMS, type ProblemCode } from "../problem.ts";
import type { Content, Headers } from "./operation.ts";

interface ProblemFacts {
  readonly headers?: Headers;
  /** Members besides those that every problem has. */
  readonly members?: z.ZodRawShape;
  /** What the example shows of `detail` and of those members. */
  readonly example?: Readonly<Record<string, string | number | null>>;
}

const RETRY = { headers: { "retry-after": "always" } } as const satisfies ProblemFacts;
const NEXT_OPENING = {
  headers: { "retry-after": "sometimes" },
  members: { opensAt: z.iso.datetime().nullable() },
  example: { opensAt: "2026-11-22T10:10:00.000Z" },
} as const satisfies ProblemFacts;

const time = z.iso.datetime();

/** Problems that carry more than `detail`. */
const FACTS: Readonly<Partial<Record<ProblemCode, ProblemFacts>>> = {
  unauthorized: { headers: { "www-authenticate": "always" } },
  invalid_request: { example: { detail: "send JSON with `email` and `password`" } },
  not_open: NEXT_OPENING,
  window_exhausted: NEXT_OPENING,
  already_redeemed: {
    members: { redeemedAt: time },
    example: { redeemedAt: "2026-12-01T03:00:00.000Z" },
  },
  already_revoked: {
    members: { revokedAt: time },
    example: { revokedAt: "2026-12-01T03:00:00.000Z" },
  },
  coupon_revoked: {
    members: { revokedAt: time },
    example: { revokedAt: "2026-12-01T03:00:00.000Z" },
  },
  coupon_expired: {
    members: { expiredAt: time },
    example: { expiredAt: "2026-12-22T10:00:00.202Z" },
  },
  too_many_attempts: RETRY,
  overloaded: RETRY,
  engine_unavailable: RETRY,
  not_in_ledger_yet: {
    headers: { "retry-after": "always" },
    members: { rank: z.int() },
    example: { rank: 1 },
  },
  too_many_listeners: RETRY,
  shutting_down: RETRY,
};

/** The headers of an answer with this problem. */
export function problemHeaders(code: ProblemCode): Headers {
  return FACTS[code]?.headers ?? {};
}

/** The problem document, with an example. */
export function problemContent(code: ProblemCode): Content {
  const { status, title } = PROBLEMS[code];
  const { members = {}, example = {} } = FACTS[code] ?? {};
  const type = PROBLEM_TYPE_PREFIX + code;
  const schema = z.object({
    type: z.literal(type),
    title: z.literal(title),
    status: z.literal(status),
    code: z.literal(code),
    /** More on this occurrence, for people. */
    detail: z.string().optional(),
    ...members,
  });
  return {
    mediaType: "application/problem+json",
    name: `${pascalCase(code)}Problem`,
    schema,
    examples: { [code]: { type, title, status, code, ...example } },
  };
}

function pascalCase(code: string): string {
  return code.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
