import { Box, Text } from "ink";

const LINES = [
  "q, Ctrl-C  end the load; what was answered is judged all the same",
  "p          hold the display still; the load goes on",
  "?          this page, and back",
  "lag: from due to sent. latency: from due to answered, so it holds the lag.",
] as const;

/** Stands in the place of the spectrogram, and is as high. */
export function Help({ rows }: { readonly rows: number }) {
  return (
    <Box flexDirection="column" height={rows} overflow="hidden">
      {LINES.map((line) => (
        <Text key={line} wrap="truncate">
          {line}
        </Text>
      ))}
    </Box>
  );
}
