/** A verification for a person: one line a check, its counter-examples below. */
import type { Verification } from "../server/ledger/verify.ts";

/** Ends with the verdict and a line break. */
export function formatVerification({ ok, checks }: Verification): string {
  const lines = checks.flatMap((check) => [
    `${check.ok ? "ok  " : "FAIL"} ${check.summary}`,
    ...check.counterExamples.map((example) => `       ${example}`),
  ]);
  const failed = checks.filter((check) => !check.ok).length;
  const verdict = ok
    ? `verified: all ${checks.length} checks passed`
    : `NOT RIGHT: ${failed} of ${checks.length} checks failed`;
  return `${[...lines, verdict].join("\n")}\n`;
}
