/** What the headers of answers mean. */
import type { JsonObject } from "./json-schema.ts";
import type { HeaderName, Headers } from "./operation.ts";

const HEADERS: Readonly<Record<HeaderName, JsonObject>> = {
  "content-disposition": {
    description: "Names the file for whoever saves it (RFC 6266).",
    ...text('attachment; filename="launch-issuances.csv"'),
  },
  "content-security-policy": {
    description: "Lets the page load from this server only.",
    ...text("default-src 'none'"),
  },
  "retry-after": {
    description: "Seconds after which to repeat (RFC 9110, 10.2.3).",
    schema: { type: "integer", minimum: 1 },
    example: 1,
  },
  "www-authenticate": {
    description: "The challenge of RFC 6750.",
    ...text('Bearer realm="couponlive"'),
  },
};

/** The headers of a response that is any of these answers, as the document writes them. */
export function headerObjects(answers: readonly Headers[]): Record<string, JsonObject> {
  return Object.fromEntries(
    Object.keys(HEADERS)
      .filter(isHeaderName)
      .filter((name) => answers.some((headers) => headers[name] !== undefined))
      .map((name) => {
        const required = answers.every((headers) => headers[name] === "always");
        return [name, { ...HEADERS[name], required }];
      }),
  );
}

function isHeaderName(name: string): name is HeaderName {
  return name in HEADERS;
}

function text(example: string): JsonObject {
  return { schema: { type: "string" }, example };
}
