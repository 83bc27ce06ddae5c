import { describe, expect, test } from "bun:test";
import type { Verification } from "../server/ledger/verify.ts";
import { formatVerification, type Outcome, outcomeOf } from "./verification-text.ts";

/** A verification with these checks, of which those failed. */
function verification(ids: readonly string[], failed: readonly string[]): Verification {
  const checks = ids.map((id) => ({
    id,
    invariant: 7,
    ok: !failed.includes(id),
    summary: `about ${id}`,
    counterExamples: failed.includes(id) ? ["an example"] : [],
  }));
  return { ok: failed.length === 0, issued: 1, checks };
}

const IDS = ["stock", "outbox-empty", "drained", "redis-in-ledger", "ledger-in-redis"];

describe("what the checks say together", () => {
  test.each<[Outcome, string[]]>([
    ["right", []],
    ["undrained", ["outbox-empty"]],
    ["undrained", ["drained"]],
    ["undrained", ["drained", "redis-in-ledger"]],
    ["wrong", ["redis-in-ledger"]],
    ["wrong", ["outbox-empty", "redis-in-ledger"]],
    ["wrong", ["drained", "ledger-in-redis"]],
    ["wrong", ["outbox-empty", "stock"]],
  ])("%s when what fails is %j", (outcome, failed) => {
    expect(outcomeOf(verification(IDS, failed))).toBe(outcome);
  });
});

test("each check is a line with its id, and the last line is the verdict", () => {
  expect(formatVerification(verification(["stock", "quota"], ["quota"]))).toBe(
    "ok   stock: about stock\nFAIL quota: about quota\n       an example\nNOT RIGHT: 1 of 2 checks failed\n",
  );
  expect(formatVerification(verification(["stock"], []))).toEndWith(
    "\nverified: all 1 checks passed\n",
  );
  expect(formatVerification(verification(IDS, ["drained"]))).toContain("\nnot drained yet: ");
});
