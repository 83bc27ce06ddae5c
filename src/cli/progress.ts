/** How far a long command has come: a line on stderr each second, and a last one with the rate. */

const REPORT_EVERY_MS = 1_000;

/** What a finished piece of work amounts to. */
export interface WorkSummary {
  readonly count: number;
  readonly elapsedMs: number;
  readonly perSecond: number;
}

export interface Progress {
  /** Says how many are done; prints at most one line a second, and nothing in the first. */
  update(done: number): void;
  /** The work is done: its count (the total, unless it became another), the time and the rate. */
  finish(done?: number): WorkSummary;
}

/**
 * Starts the clock of a piece of work on `total` things, called `noun` in the plural.
 *
 * @param total undefined where it is not known beforehand
 */
export function startProgress(
  total: number | undefined,
  noun: string,
  print: (line: string) => void = (line) => process.stderr.write(line),
  nowMs: () => number = () => performance.now(),
): Progress {
  const startedMs = nowMs();
  let reportedMs = startedMs;
  const summary = (count: number): WorkSummary => {
    const elapsedMs = Math.max(1, Math.round(nowMs() - startedMs));
    return { count, elapsedMs, perSecond: Math.round((count * 1_000) / elapsedMs) };
  };
  return {
    update(done) {
      if (nowMs() - reportedMs < REPORT_EVERY_MS) return;
      reportedMs = nowMs();
      const { perSecond } = summary(done);
      const ofTotal = total === undefined ? "" : ` of ${group(total)}`;
      print(`${group(done)}${ofTotal} ${noun}, ${group(perSecond)}/s\n`);
    },
    finish: (count = total ?? 0) => summary(count),
  };
}

/** `in 4.2 s (238,095/s)`. */
export function rateText({ elapsedMs, perSecond }: WorkSummary): string {
  return `in ${(elapsedMs / 1_000).toFixed(1)} s (${group(perSecond)}/s)`;
}

/** `1,000,000`. */
export function group(count: number): string {
  return count.toLocaleString("en-US");
}
