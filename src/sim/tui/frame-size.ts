/** How the view divides the terminal's lines. The frame is lower than the terminal, always. */

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface FrameSize {
  readonly columns: number;
  readonly burnDownRows: number;
  readonly spectrogramRows: number;
}

/** What no terminal may be smaller than for this view. */
export const MIN_TERMINAL: TerminalSize = { columns: 72, rows: 20 };

/** Wider ones gain nothing by it. */
const MAX_COLUMNS = 160;
/** Lines of the view beside its two charts. */
const OTHER_ROWS = 14;
const MAX_BURN_DOWN_ROWS = 8;
const MAX_SPECTROGRAM_ROWS = 24;

/** Undefined for a terminal below MIN_TERMINAL. */
export function frameSize({ columns, rows }: TerminalSize): FrameSize | undefined {
  if (columns < MIN_TERMINAL.columns || rows < MIN_TERMINAL.rows) return undefined;
  // Ink clears the whole terminal for a frame that is as high.
  const free = rows - 1 - OTHER_ROWS;
  const burnDownRows = Math.min(MAX_BURN_DOWN_ROWS, Math.max(1, Math.floor(free / 4)));
  return {
    columns: Math.min(MAX_COLUMNS, columns),
    burnDownRows,
    spectrogramRows: Math.min(MAX_SPECTROGRAM_ROWS, free - burnDownRows),
  };
}
