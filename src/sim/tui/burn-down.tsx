import { Box, Text } from "ink";
import { LABEL_WIDTH } from "./label.tsx";
import { burnDownLines } from "./timeline.ts";

export interface BurnDownProps {
  /** The coupons left, evenly spaced in time, the newest last. */
  readonly remaining: readonly number[];
  /** A full stock. */
  readonly coupons: number;
  /** How many points the whole width stands for; by default those that there are. */
  readonly points?: number;
  readonly columns: number;
  readonly rows: number;
}

/** How the stock went, to the right of the labels. */
export function BurnDown({ remaining, coupons, points, columns, rows }: BurnDownProps) {
  const scale = { buckets: Math.max(1, points ?? remaining.length), columns };
  return (
    <Box flexDirection="column">
      {burnDownLines(remaining, coupons, scale, rows).map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
        <Text key={row} color="green" wrap="truncate">
          {`${" ".repeat(LABEL_WIDTH)}${line}`}
        </Text>
      ))}
    </Box>
  );
}
