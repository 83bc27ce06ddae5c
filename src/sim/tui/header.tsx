import { Box, Text } from "ink";
import type { Snapshot } from "../live.ts";
import { seconds } from "../report-text.ts";

const BAR_WIDTH = 12;

export interface HeaderProps {
  readonly snapshot: Snapshot;
  readonly state: "running" | "paused" | "stopping";
}

/** What runs, how long it has and how long it will. */
export function Header({ snapshot, state }: HeaderProps) {
  const { elapsedMs, durationMs } = snapshot;
  const share = Math.min(1, elapsedMs / Math.max(1, durationMs));
  const filled = Math.floor(share * BAR_WIDTH);
  const leftMs = Math.max(0, durationMs - elapsedMs);
  return (
    <Box justifyContent="space-between">
      <Text wrap="truncate">
        <Text bold>couponlive</Text>
        <Text color="yellow">{STATES[state]}</Text>
      </Text>
      <Text wrap="truncate">
        {`${seconds(elapsedMs)} of ${seconds(durationMs)} `}
        <Text color="cyan">{"━".repeat(filled)}</Text>
        <Text dimColor>{"━".repeat(BAR_WIDTH - filled)}</Text>
        <Text dimColor>
          {leftMs > 0 ? ` ${seconds(leftMs).padStart(7)} left` : " last answers"}
        </Text>
      </Text>
    </Box>
  );
}

const STATES: Readonly<Record<HeaderProps["state"], string>> = {
  running: "",
  paused: "  display paused",
  stopping: "  stopping",
};
