import { Text } from "ink";
import type { Snapshot } from "../live.ts";
import { group, seconds } from "../report-text.ts";
import { Label } from "./label.tsx";

/** One thing that is right so far, wrong, or not known. */
interface Lamp {
  readonly state: "good" | "bad" | "unknown";
  readonly text: string;
}

const LIGHTS = {
  good: { color: "green" },
  bad: { color: "red", bold: true },
  unknown: { dimColor: true },
} as const;
/** They differ too, for those who do not tell green from red. */
const SIGNS = { good: "●", bad: "✗", unknown: "○" } as const;

/**
 * What can be said of the invariants before the end. Only the judging after it is complete. What is
 * wrong comes first, since a narrow terminal cuts off the end.
 */
export function Lamps({ snapshot }: { readonly snapshot: Snapshot }) {
  const lamps = lampsOf(snapshot);
  const isBad = ({ state }: Lamp) => state === "bad";
  const ordered = [...lamps.filter(isBad), ...lamps.filter((lamp) => !isBad(lamp))];
  return (
    <Text wrap="truncate">
      <Label>so far</Label>
      {ordered.map(({ state, text }, place) => (
        <Text key={text}>
          {place === 0 ? "" : "  "}
          <Text {...LIGHTS[state]}>{`${SIGNS[state]} ${text}`}</Text>
        </Text>
      ))}
    </Text>
  );
}

function lampsOf(snapshot: Snapshot): Lamp[] {
  const { overStock, duplicates, intrudersServed, issuedAfterSoldOutMs, outcomes } = snapshot;
  const failed = outcomes.error + outcomes.unknown;
  const soldOut: Lamp = snapshot.restocked
    ? { state: "unknown", text: "restocked" }
    : lamp(
        issuedAfterSoldOutMs,
        "sold out ok",
        `sold out ${seconds(issuedAfterSoldOutMs)} too early`,
      );
  return [
    lamp(overStock, "stock", `${group(overStock)} over stock`),
    lamp(duplicates, "one each", `${group(duplicates)} got two`),
    lamp(intrudersServed, "no intruder", `${group(intrudersServed)} to intruders`),
    soldOut,
    lamp(failed, "answered", `${group(failed)} failed`),
  ];
}

function lamp(count: number, good: string, bad: string): Lamp {
  return count > 0 ? { state: "bad", text: bad } : { state: "good", text: good };
}
