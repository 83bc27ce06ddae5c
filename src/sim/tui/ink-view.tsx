/** Shows the live view on a terminal while the load goes on, and leaves the terminal as it was. */
import { type Instance, render, useInput, useStdout } from "ink";
import { useEffect, useState } from "react";
import type { LiveRun } from "../live.ts";
import type { RunObserver } from "../run.ts";
import { View } from "./view.tsx";

const FRAMES_PER_SECOND = 10;

/** Phases are lines before and after the view; the view is there for the load alone. */
export class InkView implements RunObserver {
  readonly #stop: AbortController;
  #view: Instance | undefined;

  /** @param stop aborted when the person wants the run to end, or something else did */
  constructor(stop: AbortController) {
    this.#stop = stop;
  }

  phase(what: string): void {
    process.stdout.write(`${what}\n`);
  }

  loadBegins(live: LiveRun): void {
    this.#view = render(<LiveView live={live} stop={this.#stop} />, {
      maxFps: FRAMES_PER_SECOND,
      exitOnCtrlC: false,
    });
  }

  loadEnds(): void {
    this.#view?.clear();
    this.#view?.unmount();
    this.#view = undefined;
  }
}

interface LiveViewProps {
  readonly live: LiveRun;
  readonly stop: AbortController;
}

/** Reads a snapshot a frame: the load never waits for the display. */
function LiveView({ live, stop }: LiveViewProps) {
  const { stdout } = useStdout();
  const [snapshot, setSnapshot] = useState(() => live.snapshot());
  const [isPaused, setPaused] = useState(false);
  const [showsHelp, setHelp] = useState(false);
  useEffect(() => {
    if (isPaused) return;
    const timer = setInterval(() => setSnapshot(live.snapshot()), 1000 / FRAMES_PER_SECOND);
    return () => clearInterval(timer);
  }, [live, isPaused]);
  useInput((input, key) => {
    if (key.ctrl && input === "c") {
      // As it would be without the view: the first one ends the load, the next one the program.
      process.kill(process.pid, "SIGINT");
      return;
    }
    // Keys that are pressed in quick succession come together.
    for (const pressed of input) {
      if (pressed === "p") setPaused((was) => !was);
      else if (pressed === "?") setHelp((was) => !was);
      else if (pressed === "q") {
        stop.abort();
        setPaused(false);
      }
    }
  });
  const terminal = { columns: stdout.columns, rows: stdout.rows };
  const state = stop.signal.aborted ? "stopping" : isPaused ? "paused" : "running";
  return <View snapshot={snapshot} terminal={terminal} state={state} showsHelp={showsHelp} />;
}
