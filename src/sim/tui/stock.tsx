import { Box, Text } from "ink";
import type { Snapshot } from "../live.ts";
import { group, seconds } from "../report-text.ts";
import { BUCKET_MS } from "../series.ts";
import { remainingCoupons } from "../series-reading.ts";
import { BurnDown } from "./burn-down.tsx";
import { LABEL_WIDTH, Label } from "./label.tsx";
import { timeScale } from "./timeline.ts";

/** The last second. */
const RECENT_BUCKETS = 1_000 / BUCKET_MS;

export interface StockProps {
  readonly snapshot: Snapshot;
  readonly columns: number;
  readonly rows: number;
}

/** The coupons that are left, and how they went. */
export function Stock({ snapshot, columns, rows }: StockProps) {
  const { remaining, stock, series, soldOutAfterMs } = snapshot;
  const coupons = remaining + snapshot.outcomes.issued - snapshot.overStock;
  return (
    <Box flexDirection="column">
      <Text>
        <Label>stock</Label>
        <Text bold>{group(remaining)}</Text>
        {` of ${group(stock)} left`}
        {soldOutAfterMs === null ? (
          <Text dimColor>{expectedEnd(snapshot)}</Text>
        ) : (
          <Text bold color="yellow">{`   sold out after ${seconds(soldOutAfterMs)}`}</Text>
        )}
      </Text>
      <BurnDown
        remaining={remainingCoupons(series, coupons)}
        coupons={coupons}
        points={timeScale(runMs(snapshot), columns).buckets}
        columns={columns - LABEL_WIDTH}
        rows={rows}
      />
    </Box>
  );
}

/** When the stock will be gone if the last second goes on. */
function expectedEnd({ series, remaining }: Snapshot): string {
  const recent = series.slice(-RECENT_BUCKETS);
  const issued = recent.reduce((sum, bucket) => sum + bucket.outcomes.issued, 0);
  if (issued === 0 || remaining === 0) return "";
  return `   gone in ${seconds((remaining / issued) * recent.length * BUCKET_MS)} at this rate`;
}

/** What the charts are lengthened by at a time, as a share of the run. */
const LENGTHENING = 1 / 20;

/**
 * The time that the charts span. Where answers still come after the run's end it grows in steps of a
 * second at least, since with each of them all columns are made anew.
 */
export function runMs({ durationMs, series }: Pick<Snapshot, "durationMs" | "series">): number {
  const overMs = series.length * BUCKET_MS - durationMs;
  if (overMs <= 0) return durationMs;
  const stepMs = Math.max(1_000, durationMs * LENGTHENING);
  return durationMs + Math.ceil(overMs / stepMs) * stepMs;
}
