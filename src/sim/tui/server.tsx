import { Text } from "ink";
import type { Snapshot } from "../live.ts";
import { group } from "../report-text.ts";
import { Label } from "./label.tsx";

/** What the server says of itself, where it does. */
export function Server({ snapshot }: { readonly snapshot: Snapshot }) {
  const { queueDepth, writerBacklog, remaining } = snapshot.server;
  const figures = [
    ["queue", queueDepth],
    ["ledger backlog", writerBacklog],
    ["coupons left", remaining],
  ] as const;
  const told = figures.flatMap(([name, count]) =>
    count === null ? [] : [`${name} ${group(count)}`],
  );
  return (
    <Text wrap="truncate">
      <Label>server</Label>
      {told.length === 0 ? <Text dimColor>does not tell</Text> : told.join("   ")}
    </Text>
  );
}
