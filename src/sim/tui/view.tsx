/** The live view: one snapshot as text, of a height that the terminal's decides. */
import { Box, Text } from "ink";
import type { Snapshot } from "../live.ts";
import { Answers } from "./answers.tsx";
import { frameSize, MIN_TERMINAL, type TerminalSize } from "./frame-size.ts";
import { Header, type HeaderProps } from "./header.tsx";
import { Help } from "./help.tsx";
import { Lamps } from "./lamps.tsx";
import { Load } from "./load.tsx";
import { Server } from "./server.tsx";
import { Spectrogram } from "./spectrogram.tsx";
import { Stock } from "./stock.tsx";

export interface ViewProps {
  readonly snapshot: Snapshot;
  readonly terminal: TerminalSize;
  readonly state: HeaderProps["state"];
  readonly showsHelp: boolean;
}

export function View({ snapshot, terminal, state, showsHelp }: ViewProps) {
  const size = frameSize(terminal);
  if (size === undefined) {
    const { columns, rows } = MIN_TERMINAL;
    return (
      <Text wrap="truncate">{`couponlive: the view needs ${columns} × ${rows}; q stops`}</Text>
    );
  }
  const { columns, burnDownRows, spectrogramRows } = size;
  return (
    <Box flexDirection="column" width={columns}>
      <Header snapshot={snapshot} state={state} />
      <Text> </Text>
      <Stock snapshot={snapshot} columns={columns} rows={burnDownRows} />
      <Load snapshot={snapshot} />
      <Answers snapshot={snapshot} />
      <Text> </Text>
      {showsHelp ? (
        <Help rows={spectrogramRows + 1} />
      ) : (
        <Spectrogram snapshot={snapshot} columns={columns} rows={spectrogramRows} />
      )}
      <Server snapshot={snapshot} />
      <Lamps snapshot={snapshot} />
      <Text dimColor>q stop · p pause the display · ? help</Text>
    </Box>
  );
}
