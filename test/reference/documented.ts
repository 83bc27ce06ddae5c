/** Holds answers of the real server to what the HTTP reference says of them. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { z } from "zod";
import { openApiDocument } from "../../src/server/http/openapi/document.ts";
import { type Operation, problemsOf } from "../../src/server/http/openapi/operation.ts";
import { OPERATIONS } from "../../src/server/http/openapi/operations.ts";
import { PROBLEMS } from "../../src/server/http/problem.ts";

/** The document as it is sent. */
export const DOCUMENT: unknown = JSON.parse(JSON.stringify(openApiDocument(OPERATIONS, "test")));

/** What every answer may have, and nobody needs to be told of with each call. */
const COMMON_HEADERS = new Set([
  ...["cache-control", "connection", "content-length", "content-type", "referrer-policy"],
  ...["vary", "x-content-type-options", "x-request-id", "x-accel-buffering"],
]);

const responseSchema = z.object({
  headers: z.record(z.string(), z.object({ required: z.boolean() })).optional(),
  content: z.record(z.string(), z.unknown()).optional(),
});
const operationSchema = z.object({ responses: z.record(z.string(), responseSchema) });
const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
});
const { paths } = documentSchema.parse(DOCUMENT);

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats(ajv);
ajv.addSchema(Object(closed(DOCUMENT)), "document");

/** `POST /v1/events/{id}/claims`, as samples and this file name an operation. */
export type OperationName = string;

export function nameOf({ method, path }: Pick<Operation, "method" | "path">): OperationName {
  return `${method.toUpperCase()} ${path}`;
}

/** The names of all answers that the reference has for the operation: `… 201`, `… 409 not_open`. */
export function answersOf(operation: Operation): string[] {
  const name = nameOf(operation);
  const answers = operation.answers.map(({ status, content }) =>
    content?.mediaType === undefined || content.mediaType === "application/json"
      ? `${name} ${status}`
      : `${name} ${status} ${content.mediaType}`,
  );
  const problems = problemsOf(operation).map((code) => `${name} ${PROBLEMS[code].status} ${code}`);
  return [...answers, ...problems];
}

/**
 * What is wrong with the answer, by the reference; empty when it is as described. An event stream
 * and a file are not read: whoever asked for them does that.
 */
export async function objections(operation: OperationName, answer: Response): Promise<string[]> {
  const [method = "", path = ""] = operation.split(" ");
  const response = paths[path]?.[method.toLowerCase()]?.responses[answer.status];
  if (response === undefined) return [`${operation} is not documented to answer ${answer.status}`];
  const headers = headerObjections(response.headers ?? {}, answer.headers);
  if (response.content === undefined && answer.body === null) return headers;
  const mediaType = answer.headers.get("content-type")?.split(";")[0] ?? "";
  if (response.content?.[mediaType] === undefined) {
    return [`${operation} is not documented to answer ${answer.status} with ${mediaType}`];
  }
  const place = ["paths", path, method.toLowerCase(), "responses", String(answer.status)];
  const validate = validatorOf([...place, "content", mediaType, "schema"]);
  const body: unknown = /[/+]json$/.test(mediaType) ? await answer.clone().json() : "";
  return validate(body)
    ? headers
    : [...headers, `${operation}: ${ajv.errorsText(validate.errors)}`];
}

function validatorOf(place: readonly string[]): ValidateFunction {
  const schemaId = `document#/${place.map(escaped).join("/")}`;
  const validator = ajv.getSchema(schemaId);
  if (validator === undefined) throw new Error(`there is no schema at ${schemaId}`);
  return validator;
}

function headerObjections(
  documented: z.infer<typeof responseSchema>["headers"] & object,
  sent: Headers,
): string[] {
  const missing = Object.entries(documented).flatMap(([name, { required }]) =>
    required && !sent.has(name) ? [`the header ${name} is missing`] : [],
  );
  const unknown = [...sent.keys()].filter(
    (name) =>
      documented[name] === undefined &&
      !COMMON_HEADERS.has(name) &&
      !name.startsWith("access-control-"),
  );
  return [...missing, ...unknown.map((name) => `the header ${name} is not documented`)];
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}

/** The same schemas, but an object may have no field that is not named. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== "object" || node === null) return node;
  const fields = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, closed(value)]),
  );
  const isOpenObject = fields["type"] === "object" && fields["additionalProperties"] === undefined;
  return isOpenObject ? { ...fields, additionalProperties: false } : fields;
}
