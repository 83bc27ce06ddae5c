/** `couponlive issuance redeem` and `couponlive issuance revoke`. */
import type { Command } from "commander";
import { CliError } from "../exit-codes.ts";
import { cliActor } from "./actor.ts";
import { print } from "./database-command.ts";
import {
  type IssuanceFlags,
  onIssuances,
  readSelector,
  requireEvent,
  type SelectorFlags,
  withIssuanceOptions,
  withSelectorOptions,
} from "./issuance-source.ts";

interface RedeemFlags extends IssuanceFlags {
  readonly key: string;
}

interface RevokeFlags extends SelectorFlags {
  readonly reason: string;
  readonly return?: true;
}

/** Adds `couponlive issuance redeem` and `couponlive issuance revoke`. */
export function addIssuanceChangeCommands(issuance: Command): void {
  withIssuanceOptions(issuance.command("redeem"))
    .description("Redeems a coupon: once, and again only by the same key, with the same answer.")
    .argument("<code>", "the coupon's code")
    .requiredOption(
      "--key <key>",
      "tells a repeated request from a second one, such as a receipt's number",
    )
    .addHelpText(
      "after",
      `
Example:
  couponlive issuance redeem 7ZK2-0QXH-41VD-M8RT --key receipt-4711`,
    )
    .action(redeem);
  withSelectorOptions(withIssuanceOptions(issuance.command("revoke")))
    .description("Revokes a coupon, by its member, its rank or its code.")
    .argument("<event>", "the event's id")
    .requiredOption("--reason <text>", "why, for whoever looks at it later")
    .option("--return", "let the event issue one rank more in its place")
    .addHelpText(
      "after",
      `
The member keeps the rank and the code, which is worth nothing from then on. A redeemed coupon
cannot be revoked. With --return, the next claim is issued a new rank and a new code.

Examples:
  couponlive issuance revoke summer --member kim --reason "two accounts"
  couponlive issuance revoke summer --rank 17 --reason "left the company" --return`,
    )
    .action(revoke);
}

async function redeem(code: string, flags: RedeemFlags): Promise<void> {
  await onIssuances(flags, "change", async (source) => {
    const [{ listEvents }, { redeemCoupon, redemptionJson }] = await Promise.all([
      import("../server/events/administration.ts"),
      import("../server/issuances/redeem.ts"),
    ]);
    const events = () => listEvents(source.database);
    const request = { code: code.trim(), key: flags.key, actor: cliActor(), nowMs: Date.now() };
    const redemption = redemptionJson(await redeemCoupon(source, events, request));
    const { kind, value } = redemption.coupon;
    const worth = `${value.toLocaleString("en-US")}${kind === "percent" ? " %" : ""} off`;
    print(
      flags.json
        ? redemption
        : `Redeemed: ${worth}, rank ${redemption.rank} of event ${redemption.eventId} (${redemption.eventName}), at ${redemption.redeemedAt}`,
    );
  });
}

async function revoke(eventId: string, flags: RevokeFlags): Promise<void> {
  const selector = readSelector(flags);
  if (flags.reason.trim() === "") throw new CliError("--reason is empty: say why");
  await onIssuances(flags, "change", async (source) => {
    const event = await requireEvent(source.database, eventId);
    const [{ revokeIssuance }, { issuanceJson }] = await Promise.all([
      import("../server/issuances/revoke.ts"),
      import("../server/issuances/issuance.ts"),
    ]);
    const giveBack = flags.return === true;
    const revoked = await revokeIssuance(source, event, {
      selector,
      reason: flags.reason,
      giveBack,
      actor: cliActor(),
      nowMs: Date.now(),
    });
    const after = giveBack ? "; the event may issue one rank more" : "";
    print(
      flags.json
        ? { eventId, ...issuanceJson(event, revoked), returned: giveBack }
        : `Revoked: rank ${revoked.rank} of event ${eventId}, member ${revoked.memberId}${after}`,
    );
  });
}
