/**
 * What the HTTP reference says of one route. From a list of these `document.ts` makes the OpenAPI
 * document; tests hold each to the real server (test/reference).
 */
import type { z } from "zod";
import type { ProblemCode } from "../problem.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

export type Tag =
  | "Claims"
  | "Events"
  | "Members"
  | "Event administration"
  | "Issuance administration"
  | "Member administration"
  | "Operations"
  | "Reference";

/** Whom the route answers: anyone, whoever has a valid token, or administrators. */
export type Access = "anyone" | "member" | "administrator";

/** Headers of answers that are worth a word; what they mean is in `headers.ts`. */
export type HeaderName =
  | "content-disposition"
  | "content-security-policy"
  | "retry-after"
  | "www-authenticate";

/** Which headers an answer carries: every time, or as its description says. */
export type Headers = Readonly<Partial<Record<HeaderName, "always" | "sometimes">>>;

/** A body, of a request or of an answer. */
export interface Content {
  readonly mediaType: string;
  /** Under which name the document keeps the schema, for whoever makes code from it. */
  readonly name: string | undefined;
  readonly schema: z.ZodType;
  /** By a short name each. Tests hold them to the schema. */
  readonly examples: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status: number;
  /** When it is given. */
  readonly description: string;
  /** Undefined for an answer without a body. */
  readonly content: Content | undefined;
  readonly headers: Headers;
}

/** A parameter in the path or a header; those of the query come from their schema. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "header";
  readonly required: boolean;
  readonly description: string;
  readonly schema: z.ZodType;
  readonly example: string | number;
}

/** The parameters of a query string: the schema that checks them, and what each means. */
export interface Query {
  readonly schema: z.ZodObject;
  readonly descriptions: Readonly<Record<string, string>>;
}

export interface Operation {
  readonly method: Method;
  /** As OpenAPI writes it: `/v1/events/{id}`. */
  readonly path: string;
  /** The name that code generators give the call. */
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  /** CommonMark. */
  readonly description?: string;
  readonly access: Access;
  readonly parameters?: readonly Parameter[];
  readonly query?: Query;
  /** What must be sent. */
  readonly body?: Content;
  /** A body is not read, nor refused for its size. */
  readonly ignoresBody?: true;
  readonly answers: readonly Answer[];
  /** The `data` of each message, where an answer is an event stream. */
  readonly messages?: Content;
  /** Besides those that follow from the rest: see `problemsOf`. */
  readonly problems: readonly ProblemCode[];
}

/** The codes of every problem that the route may answer with. */
export function problemsOf(operation: Operation): ProblemCode[] {
  const { method, access, body, ignoresBody, problems } = operation;
  const codes = new Set<ProblemCode>(problems);
  if (access !== "anyone") codes.add("unauthorized").add("inactive_member");
  if (access === "administrator") codes.add("forbidden");
  if (body?.mediaType === "application/json") codes.add("invalid_request");
  if (method !== "get" && ignoresBody === undefined) codes.add("too_large");
  return [...codes];
}

/** An answer with JSON. */
export function json<Schema extends z.ZodType>(
  status: number,
  description: string,
  name: string,
  schema: Schema,
  examples: Readonly<Record<string, z.output<Schema>>>,
  headers: Headers = {},
): Answer {
  const content = { mediaType: "application/json", name, schema, examples };
  return { status, description, content, headers };
}

/** An answer without a body. */
export function empty(description: string): Answer {
  return { status: 204, description, content: undefined, headers: {} };
}

/** JSON that a request must bring. */
export function jsonBody<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  examples: Readonly<Record<string, z.input<Schema>>>,
): Content {
  return { mediaType: "application/json", name, schema, examples };
}

/** The parameters of a query string; each of the schema's needs a word on what it means. */
export function query<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  descriptions: Readonly<Record<keyof Shape & string, string>>,
): Query {
  return { schema, descriptions };
}
