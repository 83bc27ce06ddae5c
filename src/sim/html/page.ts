import type { RunResult } from "../run.ts";

export function htmlReport({ report }: RunResult): string {
  return report.verdict;
}
