/** Issuances as the terminal shows them. */
import { couponForRank, couponValidUntilMs, type EventDefinition } from "../server/events/event.ts";
import { formatMoment } from "../server/events/schedule.ts";
import type { FoundIssuance } from "../server/issuances/arrival.ts";
import type { Issuance } from "../server/issuances/issuance.ts";
import { group } from "./progress.ts";
import { formatTable } from "./table.ts";

/** One issuance in full, as lines of text. */
export function issuanceText(
  event: EventDefinition,
  { issuance, inLedger }: FoundIssuance,
  nowMs: number,
): string {
  const moment = (epochMs: number) =>
    `${formatMoment(epochMs, event.timeZone)} (${event.timeZone})`;
  const expiry = couponValidUntilMs(event, issuance.issuedAtMs);
  return formatTable([
    ["event", event.id],
    ["member", issuance.memberId],
    ["rank", group(issuance.rank)],
    ["code", issuance.code],
    ["coupon", couponText(event, issuance.rank)],
    ["window", String(issuance.windowId)],
    ["issued", moment(issuance.issuedAtMs)],
    ["expires", expiry === null ? "never" : moment(expiry)],
    ["status", statusText(event, issuance, nowMs)],
    ...(issuance.redeemedAtMs === null ? [] : [["redeemed", moment(issuance.redeemedAtMs)]]),
    ...(issuance.revokedAtMs === null ? [] : [["revoked", moment(issuance.revokedAtMs)]]),
    ...(issuance.revocationReason === null ? [] : [["reason", issuance.revocationReason]]),
    ...(inLedger ? [] : [["ledger", "not there yet: it is issued, and on its way"]]),
  ]);
}

/** Issuances, a line each. */
export function issuanceTable(
  event: EventDefinition,
  all: readonly Issuance[],
  nowMs: number,
): string {
  return formatTable([
    ["rank", "member", "code", "coupon", "window", `issued (${event.timeZone})`, "status"],
    ...all.map((issuance) => [
      group(issuance.rank),
      issuance.memberId,
      issuance.code,
      couponText(event, issuance.rank),
      String(issuance.windowId),
      formatMoment(issuance.issuedAtMs, event.timeZone),
      statusText(event, issuance, nowMs),
    ]),
  ]);
}

/** `50 % off`. */
export function couponText(event: EventDefinition, rank: number): string {
  const { kind, value } = couponForRank(event.coupons, rank);
  return `${group(value)}${kind === "percent" ? " %" : ""} off`;
}

function statusText(event: EventDefinition, issuance: Issuance, nowMs: number): string {
  const expiry = couponValidUntilMs(event, issuance.issuedAtMs);
  const isExpired = issuance.status === "issued" && expiry !== null && nowMs >= expiry;
  return isExpired ? "expired" : issuance.status;
}
