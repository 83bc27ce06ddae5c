import { expect, test } from "bun:test";
import { type Answer, readAnswer } from "./outcomes.ts";

const grant = { eventId: "e", rank: 7, code: "7ZK2-0QXH-41VD-M8RT", coupon: {}, issuedAt: "x" };
const problem = (code: string) => JSON.stringify({ type: "about:blank", title: "x", code });

const table: [status: number, body: string, expected: Answer][] = [
  [
    201,
    JSON.stringify({ status: "issued", ...grant }),
    { outcome: "issued", rank: 7, code: grant.code },
  ],
  [
    200,
    JSON.stringify({ status: "already_issued", ...grant }),
    { outcome: "alreadyIssued", rank: 7, code: grant.code },
  ],
  [
    200,
    JSON.stringify({ status: "issued", ...grant }),
    { outcome: "error", reason: "HTTP 200 with another status in its body" },
  ],
  [
    201,
    JSON.stringify({ status: "issued", ...grant, rank: 1.5 }),
    { outcome: "error", reason: "HTTP 201 without a rank" },
  ],
  [
    201,
    JSON.stringify({ status: "issued", ...grant, rank: 0 }),
    { outcome: "error", reason: "HTTP 201 without a rank" },
  ],
  [
    201,
    JSON.stringify({ status: "issued", ...grant, code: "é" }),
    { outcome: "error", reason: "HTTP 201 without a code" },
  ],
  [
    201,
    JSON.stringify({ status: "issued", ...grant, code: "x".repeat(65) }),
    { outcome: "error", reason: "HTTP 201 without a code" },
  ],
  [201, "", { outcome: "error", reason: "HTTP 201 without a JSON object" }],
  [410, problem("sold_out"), { outcome: "soldOut" }],
  [410, problem("ended"), { outcome: "ended" }],
  [409, problem("not_open"), { outcome: "notOpen" }],
  [409, problem("paused"), { outcome: "paused" }],
  [409, problem("window_exhausted"), { outcome: "windowExhausted" }],
  [410, problem("paused"), { outcome: "otherRefusals", reason: "410 paused" }],
  [401, problem("unauthorized"), { outcome: "unauthorized" }],
  [401, "<html>", { outcome: "error", reason: "HTTP 401 without a JSON object" }],
  [403, problem("inactive\nmember"), { outcome: "otherRefusals", reason: "403 inactive?member" }],
  [404, "{}", { outcome: "error", reason: "HTTP 404 without a problem code" }],
  [503, problem("overloaded"), { outcome: "overloaded" }],
  [503, problem("unavailable"), { outcome: "error", reason: "HTTP 503 unavailable" }],
  [500, "null", { outcome: "error", reason: "HTTP 500 without a JSON object" }],
  [302, problem("x"), { outcome: "error", reason: "HTTP 302 x" }],
];

test.each(table)("%d %s", (status, body, expected) => {
  expect(readAnswer(status, body)).toEqual(expected);
});
