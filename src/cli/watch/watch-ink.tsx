/** Shows the view on a terminal, and leaves the terminal as it was. */
import { render, useInput, useStdout } from "ink";
import { useEffect, useState } from "react";
import { WatchView } from "./watch-view.tsx";
import type { Watched } from "./watched.ts";

const FRAMES_PER_SECOND = 5;

export interface WatchInkOptions {
  readonly watched: Watched;
  readonly eventId: string;
  readonly url: string;
  /** Called when the person wants to stop. */
  readonly stop: () => void;
}

/** Draws until the returned function is called. The last frame goes with it. */
export function showWatchView(options: WatchInkOptions): () => void {
  const view = render(<LiveWatchView {...options} />, {
    maxFps: FRAMES_PER_SECOND,
    exitOnCtrlC: false,
  });
  return () => {
    view.clear();
    view.unmount();
  };
}

function LiveWatchView({ watched, eventId, url, stop }: WatchInkOptions) {
  const { stdout } = useStdout();
  const [moment, setMoment] = useState(() => watched.moment());
  const [isPaused, setPaused] = useState(false);
  const [showsHelp, setHelp] = useState(false);
  useEffect(() => {
    if (isPaused) return;
    const timer = setInterval(() => setMoment(watched.moment()), 1000 / FRAMES_PER_SECOND);
    return () => clearInterval(timer);
  }, [watched, isPaused]);
  useInput((input, key) => {
    if (key.ctrl && input === "c") {
      stop();
      return;
    }
    // Keys that are pressed in quick succession come together.
    for (const pressed of input) {
      if (pressed === "p") setPaused((was) => !was);
      else if (pressed === "?") setHelp((was) => !was);
      else if (pressed === "q") stop();
    }
  });
  const terminal = { columns: stdout.columns, rows: stdout.rows };
  return <WatchView {...{ moment, terminal, eventId, url, isPaused, showsHelp }} />;
}
