/** The HTTP reference in the HTTP reference. */
import { z } from "zod";
import type { Operation } from "./operation.ts";

const text = z.string();

export const referenceOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/openapi.json",
    id: "getReference",
    tag: "Reference",
    summary: "This document (OpenAPI 3.1)",
    access: "anyone",
    answers: [
      {
        status: 200,
        description: "The document.",
        content: {
          mediaType: "application/json",
          name: undefined,
          schema: z.looseObject({ openapi: z.literal("3.1.0") }),
          examples: {},
        },
        headers: {},
      },
    ],
    problems: [],
  },
  {
    method: "get",
    path: "/docs",
    id: "readReference",
    tag: "Reference",
    summary: "This document as a page, which loads nothing from elsewhere",
    access: "anyone",
    answers: [
      {
        status: 200,
        description: "The page.",
        content: { mediaType: "text/html", name: undefined, schema: text, examples: {} },
        headers: { "content-security-policy": "always" },
      },
    ],
    problems: [],
  },
  {
    method: "get",
    path: "/docs/{asset}",
    id: "getReferenceAsset",
    tag: "Reference",
    summary: "What the page is made of",
    access: "anyone",
    parameters: [
      {
        name: "asset",
        in: "path",
        required: true,
        description: "The file's name.",
        schema: text,
        example: "swagger-ui.css",
      },
    ],
    answers: [
      {
        status: 200,
        description: "The file.",
        content: { mediaType: "text/javascript", name: undefined, schema: text, examples: {} },
        headers: {},
      },
      {
        status: 200,
        description: "",
        content: { mediaType: "text/css", name: undefined, schema: text, examples: {} },
        headers: {},
      },
    ],
    problems: ["not_found"],
  },
];
