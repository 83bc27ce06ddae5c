import { describe, expect, test } from "bun:test";
import { EventError } from "./event-error.ts";
import { readWindowsFile } from "./windows-file.ts";

const ZONE = "Asia/Seoul";
const at = (text: string) => Date.parse(text);

test("lines of CSV: local times of the zone and instants, with closing and quota or without", () => {
  const text = `opensAt,closesAt,quota
2026-12-01T10:00
2026-12-01 12:00,500\r
"2026-12-01T14:00","2026-12-01T14:00:30",7

2026-12-01T16:00Z,,9
2026-12-02T01:00+09:00,2026-12-02T01:00:30+09:00
`;
  expect(readWindowsFile(text, ZONE)).toEqual([
    { opensAtMs: at("2026-12-01T10:00+09:00"), closesAtMs: undefined, quota: undefined },
    { opensAtMs: at("2026-12-01T12:00+09:00"), closesAtMs: undefined, quota: 500 },
    {
      opensAtMs: at("2026-12-01T14:00+09:00"),
      closesAtMs: at("2026-12-01T14:00:30+09:00"),
      quota: 7,
    },
    { opensAtMs: at("2026-12-01T16:00Z"), closesAtMs: undefined, quota: 9 },
    {
      opensAtMs: at("2026-12-01T16:00Z"),
      closesAtMs: at("2026-12-01T16:00:30Z"),
      quota: undefined,
    },
  ]);
});

test("an array of JSON", () => {
  const windows = [
    { opensAt: "2026-12-01T10:00" },
    { opensAt: "2026-12-01T03:00Z", closesAt: "2026-12-01T12:00:30", quota: 7 },
  ];
  expect(readWindowsFile(JSON.stringify(windows), ZONE)).toEqual([
    { opensAtMs: at("2026-12-01T01:00Z"), closesAtMs: undefined, quota: undefined },
    { opensAtMs: at("2026-12-01T03:00Z"), closesAtMs: at("2026-12-01T03:00:30Z"), quota: 7 },
  ]);
});

describe("refused, with the numbers of the lines", () => {
  test.each([
    [
      "2026-12-01T10:00\nnoon\n2026-12-01T12:00,0\n",
      /^line 2: "noon" is not a time.*; line 3: the quota/,
    ],
    ["noon\n".repeat(9), /^line 1: .*; line 2: .*; line 3: .*; and 6 more$/],
    ["2026-12-01T10:00,2026-12-01T10:01,5,6", /^line 1: .* is not a time/],
    ["2026-12-01T10:00,x,5", /^line 1: "x" is not a time/],
    ['[{"opensAt":"2026-12-01T10:00"},{"opensAt":5}]', /^window 2 \(opensAt\) is not right/],
    ['[{"opensAt":"2026-12-01T10:00","closes":"x"}]', /^window 1 is not right/],
    ["[", /begins like JSON, but is not/],
  ])("%j", (text, message) => {
    let refusal: unknown;
    try {
      readWindowsFile(text, ZONE);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(EventError);
    expect(refusal).toMatchObject({
      code: "invalid_input",
      message: expect.stringMatching(message),
    });
  });
});
