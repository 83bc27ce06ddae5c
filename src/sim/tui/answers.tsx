import { Box, Text } from "ink";
import type { Snapshot } from "../live.ts";
import type { LiveLatency } from "../live-latency.ts";
import { OUTCOMES, type Outcome } from "../outcomes.ts";
import { group, milliseconds, OUTCOME_NAMES } from "../report-text.ts";
import { LABEL_WIDTH, Label } from "./label.tsx";

const NAME_WIDTH = 16;
const COUNT_WIDTH = 13;
const FIGURE_WIDTH = 11;
/** Always shown, whatever their count: the height may not change. */
const MAIN_OUTCOMES = ["issued", "alreadyIssued", "soldOut"] as const satisfies Outcome[];

/** What the members were told so far, and how long it took. */
export function Answers({ snapshot }: { readonly snapshot: Snapshot }) {
  const { outcomes, issuedLatency, soldOutLatency } = snapshot;
  const head = ["p50 ms", "p99 ms", "max ms"].map((name) => name.padStart(FIGURE_WIDTH)).join("");
  return (
    <Box flexDirection="column">
      <Text>
        <Label>answers</Label>
        <Text dimColor>{`${" ".repeat(NAME_WIDTH)}${"claims".padStart(COUNT_WIDTH)}${head}`}</Text>
      </Text>
      {MAIN_OUTCOMES.map((outcome) => (
        <Text key={outcome} wrap="truncate">
          {" ".repeat(LABEL_WIDTH)}
          <Text color={COLOURS[outcome]}>{OUTCOME_NAMES[outcome].padEnd(NAME_WIDTH)}</Text>
          {group(outcomes[outcome]).padStart(COUNT_WIDTH)}
          {outcome === "issued" ? figures(issuedLatency) : ""}
          {outcome === "soldOut" ? figures(soldOutLatency) : ""}
        </Text>
      ))}
      <Text color="yellow" wrap="truncate">
        {`${" ".repeat(LABEL_WIDTH)}${others(snapshot)}`}
      </Text>
    </Box>
  );
}

const COLOURS: Readonly<Record<(typeof MAIN_OUTCOMES)[number], string>> = {
  issued: "green",
  alreadyIssued: "blue",
  soldOut: "white",
};

function figures(latency: LiveLatency | null): string {
  if (latency === null) return "–".padStart(FIGURE_WIDTH).repeat(3);
  const { p50, p99, max } = latency;
  return [p50, p99, max].map((ms) => milliseconds(ms).padStart(FIGURE_WIDTH)).join("");
}

function others({ outcomes }: Snapshot): string {
  return (
    OUTCOMES.filter(
      (outcome) => !MAIN_OUTCOMES.some((main) => main === outcome) && outcomes[outcome] > 0,
    )
      // The worst of them first, since a narrow terminal cuts the line off.
      .toReversed()
      .map((outcome) => `${OUTCOME_NAMES[outcome]} ${group(outcomes[outcome])}`)
      .join("   ")
  );
}
