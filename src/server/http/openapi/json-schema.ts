/** The zod schemas of requests and answers as JSON Schema (2020-12, the dialect of OpenAPI 3.1). */
import { z } from "zod";
import type { Content } from "./operation.ts";

/** A part of the document. */
export type JsonObject = { [key: string]: unknown };

const COMPONENTS = "#/components/schemas/";

/**
 * The named schemas of these bodies, where one may refer to another.
 *
 * @param io whether they are read (`input`: a default need not be given) or sent (`output`)
 */
export function componentSchemas(
  bodies: readonly Content[],
  io: "input" | "output",
): Record<string, JsonObject> {
  const registry = z.registry<{ id: string }>();
  for (const { name, schema } of bodies) {
    if (name === undefined || registry.get(schema)?.id === name) continue;
    registry.add(schema, { id: name });
  }
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri: (id) => COMPONENTS + id,
    override: ({ jsonSchema }) => tidy(jsonSchema, io),
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]),
  );
}

/** What the document writes where the body's schema belongs. */
export function schemaOf({ name, schema }: Content): JsonObject {
  return name === undefined ? inlineSchema(schema) : { $ref: COMPONENTS + name };
}

/** The schema itself, for a parameter: as the value is once it has been read. */
export function inlineSchema(schema: z.ZodType): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "output",
    override: ({ jsonSchema }) => tidy(jsonSchema, "output"),
  });
  return rest;
}

/** Leaves out what says nothing to a reader, and what would forbid us to add a field later. */
function tidy(schema: z.core.JSONSchema.BaseSchema, io: "input" | "output"): void {
  if (schema.format === "date-time") delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (io === "output" && schema.additionalProperties === false) delete schema.additionalProperties;
}
