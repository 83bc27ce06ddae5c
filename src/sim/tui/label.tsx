import { Text } from "ink";

/** The names at the left of the view, and the latencies of the spectrogram, take this much. */
export const LABEL_WIDTH = 10;

export function Label({ children }: { readonly children: string }) {
  return <Text dimColor>{children.padEnd(LABEL_WIDTH)}</Text>;
}
