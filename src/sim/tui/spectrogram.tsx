import { Box, Text } from "ink";
import { useState } from "react";
import type { Snapshot } from "../live.ts";
import { LABEL_WIDTH } from "./label.tsx";
import { runMs } from "./stock.tsx";
import {
  SpectrogramColumns,
  secondsAt,
  spectrogramLines,
  type TimeScale,
  timeScale,
} from "./timeline.ts";

/** A mark on the time axis for about so many columns. */
const COLUMNS_PER_MARK = 14;

export interface SpectrogramProps {
  readonly snapshot: Snapshot;
  readonly columns: number;
  readonly rows: number;
}

/** How long answers took, over the time of the run. */
export function Spectrogram({ snapshot, columns, rows }: SpectrogramProps) {
  const width = columns - LABEL_WIDTH;
  const scale = timeScale(runMs(snapshot), width);
  const [folded] = useState(() => new SpectrogramColumns());
  const lines = spectrogramLines(folded.fold(snapshot.series, scale), rows);
  return (
    <Box flexDirection="column">
      {lines.map(({ boundMs, shades }, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
        <Text key={row} wrap="truncate">
          <Text dimColor>{label(boundMs)}</Text>
          <Text color="cyan">{shades}</Text>
        </Text>
      ))}
      <Text dimColor wrap="truncate">
        {timeAxis(width, scale)}
      </Text>
    </Box>
  );
}

function label(boundMs: number): string {
  return `${bound(boundMs).padStart(LABEL_WIDTH - 2)}  `;
}

function bound(boundMs: number): string {
  if (!Number.isFinite(boundMs)) return "longer";
  if (boundMs >= 1000) return `${Number((boundMs / 1000).toPrecision(2))} s`;
  return `${Number(boundMs.toPrecision(2))} ms`;
}

/** Seconds below their columns. */
function timeAxis(width: number, scale: TimeScale): string {
  const marks = Math.max(1, Math.floor(width / COLUMNS_PER_MARK));
  let axis = "latency".padEnd(LABEL_WIDTH);
  for (let mark = 0; mark < marks; mark++) {
    const column = mark * COLUMNS_PER_MARK;
    axis = `${axis.padEnd(LABEL_WIDTH + column)}${Number(secondsAt(column, scale).toFixed(1))} s`;
  }
  return axis;
}
