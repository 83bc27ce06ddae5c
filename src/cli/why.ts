import type { Command } from "commander";
import { CliError } from "../exit-codes.ts";
import { print } from "./database-command.ts";
import {
  type IssuanceFlags,
  onIssuances,
  requireEvent,
  withIssuanceOptions,
} from "./issuance-source.ts";

/** Adds `couponlive why`. */
export function addWhyCommand(program: Command): void {
  withIssuanceOptions(program.command("why"))
    .description("Says what happened to a member of an event, and when.")
    .argument("<event>", "the event's id")
    .argument("<member>", "the member's id")
    .addHelpText(
      "after",
      `
Refusals are kept beside the claims, when there is time and room: it also says what cannot be known.

Example:
  couponlive why summer kim`,
    )
    .action(why);
}

async function why(eventId: string, memberId: string, flags: IssuanceFlags): Promise<void> {
  const { isMemberId, MEMBER_ID_RULE } = await import("../server/members/member-id.ts");
  if (!isMemberId(memberId)) throw new CliError(MEMBER_ID_RULE);
  await onIssuances(flags, "read", async (source) => {
    const event = await requireEvent(source.database, eventId);
    const [{ memberHistory }, { historyJson, historySentences }, { formatMoment }] =
      await Promise.all([
        import("../server/issuances/why.ts"),
        import("../server/issuances/why-answer.ts"),
        import("../server/events/schedule.ts"),
      ]);
    const history = await memberHistory(source, event, memberId);
    const isUnseen = source.isBlind && history.found === undefined;
    const blind =
      "a coupon of the last moments may be in the Redis that decides: --redis looks there too";
    if (flags.json) {
      const answer = historyJson(event, history);
      const explanation = [...answer.explanation, ...(isUnseen ? [blind] : [])];
      print({ ...answer, explanation });
      return;
    }
    const moment = (epochMs: number) =>
      `${formatMoment(epochMs, event.timeZone)} (${event.timeZone})`;
    const sentences = [...historySentences(history, moment), ...(isUnseen ? [blind] : [])];
    print(sentences.join("\n"));
  });
}
