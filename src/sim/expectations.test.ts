import { describe, expect, test } from "bun:test";
import { parseExpectation } from "./expectations.ts";

describe("what can be written", () => {
  test.each([
    ["issued==100000", "issued", "==", 100_000],
    [" p99( issued ) < 50ms ", "p99(issued)", "<", 50],
    ["p50(soldOut)<=250us", "p50(soldOut)", "<=", 0.25],
    ["max(issued.service)>=1.5s", "max(issued.service)", ">=", 1_500],
    ["p999(generatorLag)<1ms", "p999(generatorLag)", "<", 1],
    ["achievedRate>19800/s", "achievedRate", ">", 19_800],
    ["offeredRate!=5", "offeredRate", "!=", 5],
    ["soldOutAfter<12s", "soldOutAfter", "<", 12_000],
  ] as const)("%s", (text, name, operator, limit) => {
    expect(parseExpectation(text)).toMatchObject({ name, operator, limit });
  });
});

describe("what cannot, and what is said of it", () => {
  test.each([
    [
      "p99(isued)<50ms",
      "--expect »p99(isued)«<50ms cannot be read at column 1: write p99(…) of issued",
    ],
    [
      "p98(issued)<50ms",
      "»p98(issued)«<50ms cannot be read at column 1: write one of p50, p90, p99",
    ],
    ["isued==1", "»isued«==1 cannot be read at column 1: write one of issued, alreadyIssued"],
    ["issued=100", "issued»=«100 cannot be read at column 7: write one of == != <= >= < >"],
    ["issued", "issued»« cannot be read at column 7: write one of =="],
    ["issued==many", "issued==»many« cannot be read at column 9: write a number here"],
    ["issued==-1", "issued==»-1« cannot be read at column 9: write a number here"],
    ["issued==5ms", "issued==5»ms« cannot be read at column 10: issued is a count"],
    ["p99(issued)<50", "p99(issued)<50»« cannot be read at column 15: p99(issued) is a time"],
    ["p99(issued)<50m", "p99(issued)<50»m« cannot be read at column 15: p99(issued) is a time"],
    ["achievedRate>5ms", "achievedRate>5»ms« cannot be read at column 15: achievedRate is a rate"],
    ["", "»« cannot be read at column 1"],
    ["toString==1", "»toString«==1 cannot be read at column 1"],
  ])("%s", (text, message) => {
    expect(() => parseExpectation(text)).toThrow(message);
  });
});
