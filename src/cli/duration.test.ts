import { describe, expect, test } from "bun:test";
import { CliError } from "../exit-codes.ts";
import { formatDuration, parseDurationMs } from "./duration.ts";

describe("parseDurationMs", () => {
  test.each([
    ["1ms", 1],
    ["500ms", 500],
    ["90s", 90_000],
    ["15m", 900_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["3660d", 316_224_000_000],
  ])("%s is %d ms", (text, expectedMs) => {
    expect(parseDurationMs(text)).toBe(expectedMs);
  });

  test.each(["", "0s", "-1s", "1.5h", "1 h", "h", "90", "90sec", "1h30m", "3661d", "9e9s", "1S"])(
    "refuses %j",
    (text) => {
      expect(() => parseDurationMs(text)).toThrow(CliError);
    },
  );

  test("refuses a number too large to hold", () => {
    expect(() => parseDurationMs(`${"9".repeat(400)}d`)).toThrow(CliError);
  });
});

test.each(["1ms", "1500ms", "90s", "61m", "1h", "24h", "7d", "3660d"])(
  "%s is written as it is read",
  (text) => {
    expect(formatDuration(parseDurationMs(text))).toBe(text);
  },
);
