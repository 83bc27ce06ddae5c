/** The HTTP reference and the real server agree: every documented answer is given, and no other. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { z } from "zod";
import { isRoute } from "../../src/server/http/method-not-allowed.ts";
import { inlineSchema } from "../../src/server/http/openapi/json-schema.ts";
import { problemsOf } from "../../src/server/http/openapi/operation.ts";
import { OPERATIONS } from "../../src/server/http/openapi/operations.ts";
import { problemContent } from "../../src/server/http/openapi/problems.ts";
import { PROBLEMS } from "../../src/server/http/problem.ts";
import { answersOf, DOCUMENT, nameOf, objections } from "./documented.ts";
import { claimSamples } from "./samples/claims.ts";
import { commonSamples } from "./samples/common.ts";
import { eventAdministrationSamples } from "./samples/event-administration.ts";
import { eventSamples } from "./samples/events.ts";
import { issuanceSamples } from "./samples/issuances.ts";
import { memberSamples } from "./samples/members.ts";
import { operationSamples } from "./samples/operations.ts";
import { openWorld, type Sample, send, type World } from "./world.ts";

/** By the names of answers (documented.ts). */
const SAMPLES: Readonly<Record<string, Sample>> = {
  ...Object.assign({}, ...OPERATIONS.map(commonSamples)),
  ...claimSamples,
  ...eventSamples,
  ...memberSamples,
  ...eventAdministrationSamples,
  ...issuanceSamples,
  ...operationSamples,
};

/** Answered at any address, or before it comes to one: the document's introduction tells of them. */
const GENERAL_PROBLEMS = ["not_found", "method_not_allowed", "identity_unavailable"];

const problemSchema = z.object({ code: z.string() });

/** What comes about only when changes of several callers cross, which no test brings about at will. */
const UNPROVOKED = /409 changed_meanwhile$/;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test("the document is valid OpenAPI 3.1, and is what the server sends", async () => {
  const sent: unknown = await (await send(world.at, { call: "GET /openapi.json" })).json();
  const { valid, errors } = await new Validator().validate(Object(sent));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect({ ...Object(sent), info: null }).toEqual({ ...Object(DOCUMENT), info: null });
});

test("every route is documented, and every documented one is a route", () => {
  const routes = world.at.app.routes
    .filter(isRoute)
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  expect(new Set(OPERATIONS.map(nameOf))).toEqual(new Set(routes));
  const ids = OPERATIONS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("every problem is documented with a call that answers it", () => {
  const documented = new Set<string>([...OPERATIONS.flatMap(problemsOf), ...GENERAL_PROBLEMS]);
  expect(Object.keys(PROBLEMS).filter((code) => !documented.has(code))).toEqual([]);
});

test("every example is as its schema says", () => {
  const contents = OPERATIONS.flatMap((operation) => [
    ...(operation.body === undefined ? [] : [operation.body]),
    ...operation.answers.flatMap(({ content }) => content ?? []),
    ...problemsOf(operation).map(problemContent),
  ]);
  const wrong = contents.flatMap(({ name, schema, examples }) =>
    Object.entries(examples)
      .filter(([, example]) => !schema.safeParse(example).success)
      .map(([example]) => `${name}: ${example}`),
  );
  expect(wrong).toEqual([]);
});

test("every name is that of one schema", () => {
  const schemas = new Map<string, unknown>();
  const named = OPERATIONS.flatMap(({ body, answers }) => [
    ...(body === undefined ? [] : [body]),
    ...answers.flatMap(({ content }) => content ?? []),
  ]);
  const twice = named.filter(({ name = "", schema }) => {
    const other = schemas.get(name);
    schemas.set(name, schema);
    return name !== "" && other !== undefined && other !== schema;
  });
  expect(twice.map(({ name }) => name)).toEqual([]);
});

test("every parameter in a path is documented", () => {
  const wrong = OPERATIONS.filter(({ path, parameters = [] }) => {
    const named = parameters.filter((parameter) => parameter.in === "path");
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    return named.map(({ name }) => name).join() !== inPath.join();
  });
  expect(wrong.map(nameOf)).toEqual([]);
});

test("every documented answer has a sample, and every sample a documented answer", () => {
  const documented = OPERATIONS.flatMap(answersOf);
  const sampled = Object.keys(SAMPLES);
  expect({
    withoutSample: documented.filter((name) => !sampled.includes(name) && !UNPROVOKED.test(name)),
    undocumented: sampled.filter((name) => !documented.includes(name)),
  }).toEqual({ withoutSample: [], undocumented: [] });
});

describe("docs/http.md", () => {
  const page = readFileSync(join(import.meta.dir, "..", "..", "docs", "http.md"), "utf8");
  const callsIn = (text: string) => [
    ...text.matchAll(/`((?:GET|POST|PUT|PATCH|DELETE) \/[^`?]*)[`?]/g).map(([, call]) => call),
  ];

  test("tells of every call, and of no other", () => {
    // Metrics are on a port of their own, and no part of what is described here.
    const names = new Set([...OPERATIONS.map(nameOf), "GET /metrics"]);
    expect(new Set(callsIn(page))).toEqual(names);
  });

  test("names no problem that the call does not answer", () => {
    const wrong = page.split(/^#+ /m).flatMap((section) => {
      const [heading = "", ...text] = section.split("\n");
      const named = callsIn(heading);
      const operations = OPERATIONS.filter((operation) => named.includes(nameOf(operation)));
      if (operations.length === 0) return [];
      const answered = new Set<string>(operations.flatMap(problemsOf));
      // Some are words of answers too: an event's state, a refusal's outcome.
      const contents = operations.flatMap(({ answers }) =>
        answers.flatMap(({ content }) => content ?? []),
      );
      const words = contents.map(({ schema }) => JSON.stringify(inlineSchema(schema))).join();
      const told = [...text.join("\n").matchAll(/`(\w+)`/g)].map(([, code = ""]) => code);
      return told
        .filter((code) => code in PROBLEMS && !answered.has(code) && !words.includes(code))
        .map((code) => `${heading}: ${code}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe("the server answers as documented", () => {
  test.each(Object.entries(SAMPLES))("%s", async (name, sample) => {
    const [method, path, status, code] = name.split(" ");
    const answer = await sample(world);
    expect(String(answer.status)).toBe(status ?? "");
    const isProblem = answer.headers.get("content-type") === "application/problem+json";
    if (isProblem) {
      expect(problemSchema.parse(await answer.clone().json()).code).toBe(code ?? "");
    } else if (code !== undefined) {
      expect(answer.headers.get("content-type")).toStartWith(code);
    }
    expect(await objections(`${method} ${path}`, answer)).toEqual([]);
    if (!/json/.test(answer.headers.get("content-type") ?? "")) await answer.body?.cancel();
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.has("cache-control")).toBe(true);
  });
});
