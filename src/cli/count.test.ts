import { expect, test } from "bun:test";
import { InvalidArgumentError } from "commander";
import { parseCount } from "./count.ts";

test("reads whole numbers from 1 to a hundred million", () => {
  expect(["1", "007", "100000000"].map(parseCount)).toEqual([1, 7, 100_000_000]);
});

test.each(["", "0", "-1", "1.5", "1e6", "0x10", " 1", "many", "100000001", "9".repeat(400)])(
  "refuses %j",
  (text) => {
    expect(() => parseCount(text)).toThrow(InvalidArgumentError);
  },
);
