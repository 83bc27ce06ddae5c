import { Text } from "ink";
import type { Snapshot } from "../live.ts";
import { group } from "../report-text.ts";
import { Label } from "./label.tsx";

/** What can be said of the invariants before the end. Only the judging after it is complete. */
export function Lamps({ snapshot }: { readonly snapshot: Snapshot }) {
  const { overStock, duplicates, outcomes } = snapshot;
  const unanswered = outcomes.error + outcomes.unknown;
  return (
    <Text wrap="truncate">
      <Label>so far</Label>
      <Lamp isLit={overStock > 0} good="stock kept" bad={`${group(overStock)} over the stock`} />
      <Lamp isLit={duplicates > 0} good="one each" bad={`${group(duplicates)} got a second`} />
      <Lamp isLit={unanswered > 0} good="all answered" bad={`${group(unanswered)} failed`} />
    </Text>
  );
}

interface LampProps {
  readonly isLit: boolean;
  readonly good: string;
  readonly bad: string;
}

/** The sign differs too, for those who do not tell green from red. */
function Lamp({ isLit, good, bad }: LampProps) {
  return (
    <Text color={isLit ? "red" : "green"} bold={isLit}>
      {isLit ? `✗ ${bad}   ` : `● ${good}   `}
    </Text>
  );
}
