/** A verification for a person: one line a check, its counter-examples below. */
import { failuresBeyondDraining } from "../server/ledger/findings.ts";
import type { Verification } from "../server/ledger/verify.ts";

/** `undrained` decides nothing yet: what was issued is still on its way to the ledger. */
export type Outcome = "right" | "undrained" | "wrong";

/** What the checks say together. */
export function outcomeOf({ ok, checks }: Verification): Outcome {
  if (ok) return "right";
  return failuresBeyondDraining(checks).length === 0 ? "undrained" : "wrong";
}

/** Ends with the verdict and a line break. */
export function formatVerification(verification: Verification): string {
  const lines = verification.checks.flatMap((check) => [
    `${check.ok ? "ok  " : "FAIL"} ${check.id}: ${check.summary}`,
    ...check.counterExamples.map((example) => `       ${example}`),
  ]);
  return `${[...lines, verdictOf(verification)].join("\n")}\n`;
}

function verdictOf(verification: Verification): string {
  const { checks } = verification;
  switch (outcomeOf(verification)) {
    case "right":
      return `verified: all ${checks.length} checks passed`;
    case "undrained":
      return "not drained yet: what was issued is still on its way to the ledger; start the server, or wait until it is quiet, then verify again";
    case "wrong":
      return `NOT RIGHT: ${checks.filter((check) => !check.ok).length} of ${checks.length} checks failed`;
  }
}
