/** The live view: one snapshot as text, of fixed height, good at 80 columns. */
import { Box, Text } from "ink";
import type { Snapshot } from "../live.ts";
import { OUTCOMES, type Outcome } from "../outcomes.ts";
import { group, milliseconds, OUTCOME_NAMES } from "../report-text.ts";

const BAR_WIDTH = 40;
/** Always shown, whatever their count: the height may not change. */
const MAIN_OUTCOMES = ["issued", "alreadyIssued", "soldOut"] as const satisfies Outcome[];

export interface ViewProps {
  readonly snapshot: Snapshot;
  readonly isStopping: boolean;
}

export function View({ snapshot, isStopping }: ViewProps) {
  return (
    <Box flexDirection="column">
      <Header snapshot={snapshot} isStopping={isStopping} />
      <Stock snapshot={snapshot} />
      <Rates snapshot={snapshot} />
      <Outcomes snapshot={snapshot} />
    </Box>
  );
}

function Header({ snapshot, isStopping }: ViewProps) {
  const elapsed = (snapshot.elapsedMs / 1000).toFixed(1);
  const seconds = `${elapsed} s of ${snapshot.durationMs / 1000} s`;
  return (
    <Text>
      <Text bold>couponlive simulate</Text> {seconds}
      <Text dimColor>{isStopping ? "  stopping" : "  q stops"}</Text>
    </Text>
  );
}

function Stock({ snapshot }: { readonly snapshot: Snapshot }) {
  const { remaining, stock } = snapshot;
  const share = stock === 0 ? 0 : remaining / stock;
  // A bar that is empty says sold out, so the last coupon still has its sign.
  const filled = Math.ceil(share * BAR_WIDTH);
  return (
    <Text>
      {"stock    "}
      <Text color="green">{"█".repeat(filled)}</Text>
      <Text dimColor>{"░".repeat(BAR_WIDTH - filled)}</Text>
      {` ${group(remaining)} of ${group(stock)} left`}
    </Text>
  );
}

function Rates({ snapshot }: { readonly snapshot: Snapshot }) {
  const behind = snapshot.due - snapshot.sent;
  return (
    <Box flexDirection="column">
      <Text>
        {`claims   offered ${group(snapshot.offeredPerSecond)}/s  sent ${group(snapshot.achievedPerSecond)}/s`}
        {behind > 0 ? `  ${group(behind)} wait` : ""}
      </Text>
      <Text>
        {`latency  p50 ${milliseconds(snapshot.p50Ms)} ms  p99 ${milliseconds(snapshot.p99Ms)} ms`}
      </Text>
    </Box>
  );
}

function Outcomes({ snapshot }: { readonly snapshot: Snapshot }) {
  const { outcomes } = snapshot;
  const others = OUTCOMES.filter(
    (outcome) => !MAIN_OUTCOMES.some((main) => main === outcome) && outcomes[outcome] > 0,
  ).map((outcome) => `${OUTCOME_NAMES[outcome]} ${group(outcomes[outcome])}`);
  return (
    <Box flexDirection="column">
      {MAIN_OUTCOMES.map((outcome) => (
        <Text key={outcome}>
          {`${OUTCOME_NAMES[outcome].padEnd(16)}${group(outcomes[outcome]).padStart(12)}`}
        </Text>
      ))}
      <Text color="yellow" wrap="truncate">
        {others.length === 0 ? " " : others.join("  ")}
      </Text>
    </Box>
  );
}
