/** The view of a live giveaway: one moment as text, of a height that the terminal's decides. */
import { Box, Text } from "ink";
import type { LiveSnapshot } from "../../server/http/live-schema.ts";
import { group, seconds } from "../../sim/report-text.ts";
import { BurnDown } from "../../sim/tui/burn-down.tsx";
import { MIN_TERMINAL, type TerminalSize } from "../../sim/tui/frame-size.ts";
import { LABEL_WIDTH, Label } from "../../sim/tui/label.tsx";
import { clock, countdown, lineText, rateText, stateName, windowText } from "./watch-text.ts";
import type { WatchedMoment } from "./watched.ts";

/** Wider ones gain nothing by it. */
const MAX_COLUMNS = 160;
const MAX_CHART_ROWS = 24;
/** Lines of the view beside its chart. */
const OTHER_ROWS = 11;
/** A snapshot this old while the line is live only means that nothing has happened. */
const FRESH_MS = 2_000;

export interface WatchViewProps {
  readonly moment: WatchedMoment;
  readonly terminal: TerminalSize;
  readonly eventId: string;
  readonly url: string;
  readonly isPaused: boolean;
  readonly showsHelp: boolean;
}

export function WatchView(props: WatchViewProps) {
  const { moment, terminal, eventId, url, isPaused, showsHelp } = props;
  if (terminal.columns < MIN_TERMINAL.columns || terminal.rows < MIN_TERMINAL.rows) {
    const { columns, rows } = MIN_TERMINAL;
    return (
      <Text wrap="truncate">{`couponlive: the view needs ${columns} × ${rows}; q stops`}</Text>
    );
  }
  // Ink clears the whole terminal for a frame that is as high.
  const chartRows = Math.min(MAX_CHART_ROWS, terminal.rows - 1 - OTHER_ROWS);
  const columns = Math.min(MAX_COLUMNS, terminal.columns);
  const { snapshot } = moment;
  return (
    <Box flexDirection="column" width={columns}>
      <Box justifyContent="space-between">
        <Text wrap="truncate">
          <Text bold>couponlive watch</Text>
          <Text color="yellow">{isPaused ? "  display paused" : ""}</Text>
        </Text>
        <Text dimColor>{`${clock(moment.serverNowMs)} UTC`}</Text>
      </Box>
      <Text wrap="truncate">{` `}</Text>
      <Text wrap="truncate">
        <Label>event</Label>
        <Text bold>{snapshot?.name ?? eventId}</Text>
        <Text dimColor>{snapshot === undefined ? "" : ` ${eventId}`}</Text>
        {snapshot === undefined ? "" : <State snapshot={snapshot} />}
      </Text>
      <Line label="windows">{windows(moment)}</Line>
      <Line label="rate">{snapshot === undefined ? "–" : rateText(snapshot)}</Line>
      <Text> </Text>
      <Text wrap="truncate">
        <Label>stock</Label>
        <Text bold>{snapshot === undefined ? "–" : group(snapshot.remaining)}</Text>
        {snapshot === undefined ? "" : ` of ${group(snapshot.stock)} left`}
        <Text dimColor>{snapshot === undefined ? "" : expectedEnd(snapshot)}</Text>
      </Text>
      {showsHelp ? (
        <Help rows={chartRows} />
      ) : (
        <Box height={chartRows}>
          <BurnDown
            remaining={moment.remaining}
            coupons={snapshot?.stock ?? 0}
            columns={columns - LABEL_WIDTH}
            rows={chartRows}
          />
        </Box>
      )}
      <Text> </Text>
      <Line label="server">{server(moment, url)}</Line>
      <Text wrap="truncate">
        <Label>feed</Label>
        <Feed moment={moment} />
      </Text>
      <Text dimColor>q stop · p pause the display · ? help</Text>
    </Box>
  );
}

function Line({ label, children }: { readonly label: string; readonly children: string }) {
  return (
    <Text wrap="truncate">
      <Label>{label}</Label>
      {children}
    </Text>
  );
}

const STATE_COLOURS: Readonly<Record<LiveSnapshot["state"], string>> = {
  scheduled: "cyan",
  open: "green",
  between_windows: "cyan",
  sold_out: "yellow",
  paused: "yellow",
  ended: "white",
};

function State({ snapshot }: { readonly snapshot: LiveSnapshot }) {
  return (
    <Text>
      {"   "}
      <Text bold color={STATE_COLOURS[snapshot.state]}>
        {stateName(snapshot)}
      </Text>
      {snapshot.isEngineAvailable ? "" : <Text color="red"> the engine does not answer</Text>}
    </Text>
  );
}

/** The window that is open, and the next one. */
function windows({ snapshot, serverNowMs }: WatchedMoment): string {
  if (snapshot === undefined) return "–";
  const { currentWindow, nextWindow } = snapshot;
  const text = windowText(snapshot, serverNowMs);
  if (currentWindow === null || nextWindow === null) return text;
  return `${text}   the next opens in ${countdown(Date.parse(nextWindow.opensAt) - serverNowMs)}`;
}

/** When the stock will be gone if the last second goes on. */
function expectedEnd({ remaining, issuedPerSecond }: LiveSnapshot): string {
  if (issuedPerSecond === 0 || remaining === 0) return "";
  return `   gone in ${seconds((remaining / issuedPerSecond) * 1_000)} at this rate`;
}

function server({ server: { engine, queueDepth, writerBacklog } }: WatchedMoment, url: string) {
  const figures = [
    engine === null ? [] : [`${engine} engine`],
    queueDepth === null ? [] : [`queue ${group(queueDepth)}`],
    writerBacklog === null ? [] : [`ledger backlog ${group(writerBacklog)}`],
  ].flat();
  return [url, ...figures].join("   ");
}

function Feed({ moment }: { readonly moment: WatchedMoment }) {
  const { line, nowMs, snapshotAtMs } = moment;
  const text = lineText(line, nowMs);
  if (line.kind !== "live") return <Text color="red">{text}</Text>;
  const ageMs = nowMs - snapshotAtMs;
  return (
    <Text>
      <Text color="green">{`● ${text}`}</Text>
      <Text dimColor>{ageMs > FRESH_MS ? `   nothing new for ${countdown(ageMs)}` : ""}</Text>
    </Text>
  );
}

const HELP = [
  "q, Ctrl-C  stop watching; the giveaway goes on",
  "p          hold the display still",
  "?          this page, and back",
  "Times to go are counted by the clock that decides claims.",
] as const;

/** Stands in the place of the chart, and is as high. */
function Help({ rows }: { readonly rows: number }) {
  return (
    <Box flexDirection="column" height={rows} overflow="hidden">
      {HELP.map((line) => (
        <Text key={line} wrap="truncate">
          {line}
        </Text>
      ))}
    </Box>
  );
}
