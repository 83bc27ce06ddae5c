/** A member's history in sentences, and as JSON. */
import type { EventDefinition, EventWindow } from "../events/event.ts";
import { isoTime, issuanceJson } from "./issuance.ts";
import type { MemberHistory, RefusedMoment } from "./why.ts";

/** Writes a moment for whoever reads it. */
type FormatMoment = (epochMs: number) => string;

/** What happened, the newest last, and what cannot be known: a sentence each. */
export function historySentences(
  { memberId, found, window, refusal, unkept, account }: MemberHistory,
  moment: FormatMoment = isoTime,
): string[] {
  const sentences: string[] = [];
  if (refusal !== undefined) {
    const { first, last, times } = refusal;
    const isOne = times === 1;
    sentences.push(
      `${isOne ? "refused once" : `refused ${times} times, first`}: ${refusedSentence(first, moment)}`,
    );
    if (!isOne) sentences.push(`and last: ${refusedSentence(last, moment)}`);
  }
  if (found !== undefined) {
    const { rank, windowId, issuedAtMs } = found.issuance;
    const when =
      window === undefined
        ? `in window ${windowId}`
        : `${span(issuedAtMs - window.opensAtMs)} after window ${windowId} opened`;
    sentences.push(`issued rank ${rank} at ${moment(issuedAtMs)}, ${when}`);
    if (!found.inLedger) sentences.push("the coupon is on its way to the ledger");
    const { redeemedAtMs, revokedAtMs, revocationReason } = found.issuance;
    if (redeemedAtMs !== null) sentences.push(`the coupon was redeemed at ${moment(redeemedAtMs)}`);
    if (revokedAtMs !== null) {
      sentences.push(`the coupon was revoked at ${moment(revokedAtMs)}: ${revocationReason}`);
    }
  }
  if (account === "inactive") {
    sentences.push("the account is deactivated: since then its claims are refused unseen");
  }
  if (found !== undefined) return sentences;
  if (refusal === undefined) {
    sentences.push(
      `no claim of member ${memberId} is known to have been decided`,
      "not known: a claim that never arrived, that was refused before it was decided (no valid token, deactivated, too many at once, an outage), that a server holds in its memory for some seconds more, or lost when it was killed",
    );
  }
  if (unkept > 0) {
    const count = unkept.toLocaleString("en-US");
    sentences.push(`${count} decisions of this event were not kept, for want of room`);
  }
  return sentences;
}

/** The same as JSON; `explanation` are the sentences, with times in UTC. */
export function historyJson(event: EventDefinition, history: MemberHistory) {
  const { memberId, found, window, refusal, unkept, account } = history;
  return {
    eventId: event.id,
    memberId,
    outcome: outcomeOf(history),
    issuance:
      found === undefined
        ? null
        : {
            ...issuanceJson(event, found.issuance),
            inLedger: found.inLedger,
            afterOpeningMs:
              window === undefined ? null : found.issuance.issuedAtMs - window.opensAtMs,
          },
    refusals:
      refusal === undefined
        ? null
        : {
            times: refusal.times,
            first: refusedJson(refusal.first),
            last: refusedJson(refusal.last),
          },
    account,
    unkept,
    explanation: historySentences(history),
  };
}

function outcomeOf({ found, refusal }: MemberHistory): "issued" | "refused" | "unknown" {
  if (found !== undefined) return "issued";
  return refusal === undefined ? "unknown" : "refused";
}

function refusedJson(moment: RefusedMoment) {
  const { outcome, atMs, lastIssuedAtMs, closedWindow, nextWindow, changedAtMs } = moment;
  const since = lastIssuedAtMs ?? changedAtMs;
  const isClosed = outcome === "not_open";
  return {
    outcome,
    at: isoTime(atMs),
    /** How long before it stock or quota had run out, or the event been paused or ended. */
    lateByMs: since === null ? null : atMs - since,
    beforeOpeningMs: isClosed && nextWindow !== null ? nextWindow.opensAtMs - atMs : null,
    afterClosingMs: isClosed && closedWindow !== null ? atMs - closedWindow.closesAtMs : null,
  };
}

function refusedSentence(moment: RefusedMoment, format: FormatMoment): string {
  return `${moment.outcome} at ${format(moment.atMs)}${reason(moment)}`;
}

function reason(moment: RefusedMoment): string {
  const { outcome, atMs, lastIssuedAtMs, changedAtMs } = moment;
  switch (outcome) {
    case "sold_out":
      return lastIssuedAtMs === null
        ? ""
        : `: the stock ran out ${span(atMs - lastIssuedAtMs)} earlier`;
    case "window_exhausted":
      return lastIssuedAtMs === null
        ? ""
        : `: the window's quota ran out ${span(atMs - lastIssuedAtMs)} earlier`;
    case "paused":
    case "ended":
      return changedAtMs === null
        ? ""
        : `: the event was ${outcome} ${span(atMs - changedAtMs)} earlier`;
    case "not_open":
      return notOpen(moment);
    default:
      return "";
  }
}

/** By the windows as they are now. */
function notOpen({ atMs, closedWindow, nextWindow }: RefusedMoment): string {
  const before = (next: EventWindow) =>
    `${span(next.opensAtMs - atMs)} before window ${next.id} opened`;
  const after = (closed: EventWindow) =>
    `${span(atMs - closed.closesAtMs)} after window ${closed.id} closed`;
  const parts = [
    ...(closedWindow === null ? [] : [after(closedWindow)]),
    ...(nextWindow === null ? [] : [before(nextWindow)]),
  ];
  return parts.length === 0 ? "" : `: ${parts.join(", ")}`;
}

/** `37 ms`, `3.2 s`, `5 min 12 s`, `2 h 5 min`, `3 d 4 h`. */
function span(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
