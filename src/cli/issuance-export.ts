/** `couponlive issuance export`. */
import { type Command, Option } from "commander";
import type { ExportFormat } from "../server/issuances/export.ts";
import type { IssuanceStatus } from "../server/issuances/issuance.ts";
import { databaseOption } from "./database-command.ts";
import { redisOption } from "./event-database.ts";
import { type IssuanceFlags, onIssuances, requireEvent, STATUSES } from "./issuance-source.ts";
import { group, rateText, startProgress } from "./progress.ts";

const FORMATS = ["csv", "ndjson"] as const satisfies readonly ExportFormat[];

interface ExportFlags extends IssuanceFlags {
  readonly format: ExportFormat;
  readonly out: string;
  readonly status?: IssuanceStatus;
  readonly force?: true;
}

/** Adds `couponlive issuance export`. */
export function addIssuanceExportCommand(issuance: Command): void {
  issuance
    .command("export")
    .description("Writes all of an event's coupons that are in the ledger, by rank.")
    .argument("<event>", "the event's id")
    .addOption(databaseOption())
    .addOption(redisOption())
    .addOption(new Option("--format <format>", "what is written").choices(FORMATS).default("csv"))
    .option("--out <file>", "the file to write, or - for stdout", "-")
    .addOption(new Option("--status <status>", "only these").choices(STATUSES))
    .option("--force", "overwrite the file")
    .addHelpText(
      "after",
      `
The file holds the codes: only its owner may read it. docs/issuances.md has its columns.

Examples:
  couponlive issuance export summer --out summer.csv
  couponlive issuance export summer --format ndjson --status redeemed | jq -r .memberId`,
    )
    .action(exportAll);
}

async function exportAll(eventId: string, flags: ExportFlags): Promise<void> {
  await onIssuances(flags, "read", async ({ database, undelivered, isBlind }) => {
    const event = await requireEvent(database, eventId);
    const [{ countIssued }, { exportIssuances }, { openPrivateOutput }] = await Promise.all([
      import("../server/events/administration.ts"),
      import("../server/issuances/export.ts"),
      import("./private-output.ts"),
    ]);
    const { format, status, force } = flags;
    await using output = await openPrivateOutput(flags.out, force === true);
    const progress = startProgress(await countIssued(database.orm, eventId), "coupons");
    let rows = 0;
    for await (const chunk of exportIssuances(database, event, format, { status })) {
      await output.write(chunk.text);
      rows = chunk.rows;
      progress.update(rows);
    }
    process.stderr.write(`${group(rows)} coupons written ${rateText(progress.finish(rows))}\n`);
    if (isBlind) {
      process.stderr.write("more may wait in the Redis that decides: --redis counts them\n");
      return;
    }
    let waiting = 0;
    for await (const page of undelivered(event)) waiting += page.length;
    if (waiting > 0) {
      process.stderr.write(`${group(waiting)} are on their way to the ledger, and not written\n`);
    }
  });
}
