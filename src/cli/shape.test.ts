import { describe, expect, test } from "bun:test";
import { CliError } from "../exit-codes.ts";
import type { LoadShape } from "../sim/shape.ts";
import { parseShape } from "./shape.ts";

const LOAD = { ratePerSecond: 500, claims: 70 };

describe("--shape", () => {
  const table: [text: string, shape: LoadShape][] = [
    ["constant", { kind: "constant", ratePerSecond: 500 }],
    ["poisson", { kind: "poisson", ratePerSecond: 500 }],
    ["humans", { kind: "humans", ratePerSecond: 500 }],
    ["burst", { kind: "burst", arrivals: 70 }],
    ["ramp:0:20000", { kind: "ramp", fromPerSecond: 0, toPerSecond: 20_000 }],
    [
      "steps:1000x5s,0x500ms,5000x1m",
      {
        kind: "steps",
        steps: [
          { ratePerSecond: 1_000, durationMs: 5_000 },
          { ratePerSecond: 0, durationMs: 500 },
          { ratePerSecond: 5_000, durationMs: 60_000 },
        ],
      },
    ],
  ];
  test.each(table)("%s", (text, shape) => {
    expect(parseShape(text, LOAD)).toEqual(shape);
  });

  const wrong: [text: string, why: string][] = [
    ["", "there is no such shape"],
    ["Ramp:1:2", "there is no such shape"],
    ["constant:5", "it takes no parameters"],
    ["ramp", "it takes 2 after colons"],
    ["ramp:1", "it takes 2 after colons"],
    ["ramp:1:2:3", "it takes 2 after colons"],
    ["ramp:0:0", "a ramp must leave zero"],
    ["ramp:-1:5", 'not "-1"'],
    ["ramp:1:1e9", 'not "1e9"'],
    ["ramp:1:10000001", "up to 10000000"],
    ["steps", "it takes 1 after colons"],
    ["steps:", 'such as 1000x5s, not ""'],
    ["steps:1000", 'such as 1000x5s, not "1000"'],
    ["steps:1000x", 'such as 1000x5s, not "1000x"'],
    ["steps:1000x5", '"5" is not a duration'],
    ["steps:x5s", 'not ""'],
    ["steps:0x5s", "no step has a rate"],
    ["steps:1x1sx1", "such as 1000x5s"],
  ];
  test.each(wrong)("refuses %p", (text, why) => {
    expect(() => parseShape(text, LOAD)).toThrow(CliError);
    expect(() => parseShape(text, LOAD)).toThrow(why);
  });
});
