/** What went wrong with a run's server and its ledger, and what to do about it. */
import type { Stage } from "./stage.ts";
import { DRAIN_TIMEOUT_MS, type Drain } from "./standing.ts";

/** How a run ended, beside its load. */
export interface Ending {
  /** Else coupons that are missing in the ledger prove nothing. */
  readonly isDrained: boolean;
  /** What went wrong, as a sentence without its stop; undefined when nothing did. */
  readonly trouble: string | undefined;
}

/**
 * @param ownServerHeld false when the run's own server died, or did not stop when it was told to
 */
export function describeEnding(
  drain: Drain,
  { url, event, ownServer }: Pick<Stage, "url" | "event" | "ownServer">,
  ownServerHeld: boolean,
): Ending {
  const { isDrained } = drain;
  const seen = describeTrouble(drain, url, ownServerHeld);
  if (isDrained || seen === undefined) return { isDrained, trouble: seen };
  const lacks = "the ledger may lack some of what it had decided";
  if (ownServer !== undefined) return { isDrained, trouble: `${seen}; ${lacks}` };
  const start = drain.serverAnswers ? "see its log" : "start it again";
  return {
    isDrained,
    trouble: `${seen}, and ${lacks}: ${start}, wait until it is quiet, and let \`couponlive verify ${event.id}\` check the ledger; what the members were told it cannot check`,
  };
}

function describeTrouble(
  { isDrained, serverAnswers }: Drain,
  { origin }: URL,
  ownServerHeld: boolean,
): string | undefined {
  if (!ownServerHeld) return "the server died, or did not stop when it was told to";
  if (!serverAnswers) return `the server at ${origin} does not answer any more`;
  if (isDrained) return undefined;
  return `the server at ${origin} has not brought everything to the ledger in ${DRAIN_TIMEOUT_MS / 1000} s`;
}
