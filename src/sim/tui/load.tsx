import { Text } from "ink";
import type { Snapshot } from "../live.ts";
import { group, milliseconds } from "../report-text.ts";
import { MIN_ACHIEVED_SHARE } from "../report-verdict.ts";
import { Label } from "./label.tsx";

/** What was to be sent in the last second, and what was. */
export function Load({ snapshot }: { readonly snapshot: Snapshot }) {
  const { offeredPerSecond, achievedPerSecond, sendLagMs, due, sent, shed } = snapshot;
  const behind = Math.max(0, due - sent - shed);
  const isBehind = achievedPerSecond < MIN_ACHIEVED_SHARE * offeredPerSecond;
  return (
    <Text wrap="truncate">
      <Label>load</Label>
      {`offered ${group(offeredPerSecond)}/s   achieved `}
      <Text bold {...(isBehind ? { color: "yellow" } : {})}>
        {`${group(achievedPerSecond)}/s`}
      </Text>
      {`   lag ${milliseconds(sendLagMs)} ms`}
      {behind > 0 ? <Text color="yellow">{`   ${group(behind)} waiting`}</Text> : ""}
    </Text>
  );
}
