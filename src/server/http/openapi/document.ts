/** `/openapi.json`: the OpenAPI 3.1 document, made of the operations and the schemas that validate. */
import { PROBLEMS, type ProblemCode } from "../problem.ts";
import { headerObjects } from "./headers.ts";
import { INTRODUCTION } from "./introduction.ts";
import { componentSchemas, inlineSchema, type JsonObject, schemaOf } from "./json-schema.ts";
import {
  type Answer,
  type Content,
  type Operation,
  type Parameter,
  problemsOf,
  type Query,
  type Tag,
} from "./operation.ts";
import { problemContent, problemHeaders } from "./problems.ts";

const TAGS: Readonly<Record<Tag, string>> = {
  Claims: "A member's coupon of an event.",
  Events: "What anyone may know of an event.",
  Members: "Accounts and their tokens.",
  "Event administration": "Setting up and running giveaways.",
  "Issuance administration": "What was issued, and what became of it.",
  "Member administration": "Members' accounts.",
  Operations: "For whoever runs the server.",
  Reference: "This document.",
};

/** The document of these operations. `version` is the program's. */
export function openApiDocument(operations: readonly Operation[], version: string): JsonObject {
  const sent = operations.flatMap(({ answers, messages }) => [
    ...answers.flatMap(({ content }) => content ?? []),
    ...(messages === undefined ? [] : [messages]),
  ]);
  const problems = new Set(operations.flatMap(problemsOf));
  const read = operations.flatMap(({ body }) => body ?? []);
  return {
    openapi: "3.1.0",
    info: { title: "couponlive", version, description: INTRODUCTION },
    servers: [{ url: "/" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: paths(operations),
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description:
            "The token of a member; below `/v1/admin` and `/v1/coupons`, of an administrator.",
        },
      },
      schemas: {
        ...componentSchemas(read, "input"),
        ...componentSchemas([...sent, ...[...problems].map(problemContent)], "output"),
      },
    },
  };
}

function paths(operations: readonly Operation[]): Record<string, JsonObject> {
  const all: Record<string, JsonObject> = {};
  for (const operation of operations) {
    all[operation.path] = {
      ...all[operation.path],
      [operation.method]: operationObject(operation),
    };
  }
  return all;
}

function operationObject(operation: Operation): JsonObject {
  const { id, tag, summary, description, access, parameters = [], query, body } = operation;
  const responses = [...operation.answers, ...problemAnswers(problemsOf(operation))];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: access === "anyone" ? [] : [{ bearer: [] }],
    parameters: [...parameters.map(parameterObject), ...queryParameters(query)],
    ...(body === undefined ? {} : { requestBody: { required: true, content: mediaTypes([body]) } }),
    responses: Object.fromEntries(
      [...Map.groupBy(responses, ({ status }) => status)]
        .sort(([one], [other]) => one - other)
        .map(([status, answers]) => [String(status), responseObject(answers)]),
    ),
  };
}

function parameterObject({ schema, ...parameter }: Parameter): JsonObject {
  return { ...parameter, schema: inlineSchema(schema) };
}

function queryParameters(query: Query | undefined): JsonObject[] {
  if (query === undefined) return [];
  return Object.entries(query.schema.shape).map(([name, schema]) => ({
    name,
    in: "query",
    required: !schema.safeParse(undefined).success,
    description: query.descriptions[name] ?? "",
    schema: inlineSchema(schema),
  }));
}

function problemAnswers(codes: readonly ProblemCode[]): Answer[] {
  return codes.map((code) => ({
    status: PROBLEMS[code].status,
    description: `${PROBLEMS[code].title} (\`${code}\`).`,
    content: problemContent(code),
    headers: problemHeaders(code),
  }));
}

/** All answers with one status are one response. */
function responseObject(answers: readonly Answer[]): JsonObject {
  const contents = answers.flatMap(({ content }) => content ?? []);
  const headers = headerObjects(answers.map((answer) => answer.headers));
  return {
    description: answers.map(({ description }) => description).join(" "),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(contents.length === 0 ? {} : { content: mediaTypes(contents) }),
  };
}

function mediaTypes(contents: readonly Content[]): Record<string, JsonObject> {
  return Object.fromEntries(
    [...Map.groupBy(contents, ({ mediaType }) => mediaType)].map(([mediaType, same]) => {
      const schemas = [...new Map(same.map((each) => [each.name, schemaOf(each)])).values()];
      const examples = Object.assign({}, ...same.map((each) => each.examples));
      return [
        mediaType,
        {
          schema: schemas.length === 1 ? schemas[0] : { oneOf: schemas },
          examples: Object.fromEntries(
            Object.entries(examples).map(([name, value]) => [name, { value }]),
          ),
        },
      ];
    }),
  );
}
