/** Shows the live view on a terminal while the load goes on, and leaves the terminal as it was. */
import { type Instance, render, useInput, useStdout } from "ink";
import { useEffect, useState } from "react";
import type { LiveRun } from "../live.ts";
import type { RunObserver } from "../run.ts";
import { View } from "./view.tsx";

const FRAMES_PER_SECOND = 10;

/** Phases are lines before and after the view; the view is there for the load alone. */
export class InkView implements RunObserver {
  readonly #onStop: () => void;
  #view: Instance | undefined;

  /** @param onStop the person wants the run to end */
  constructor(onStop: () => void) {
    this.#onStop = onStop;
  }

  phase(what: string): void {
    process.stdout.write(`${what}\n`);
  }

  loadBegins(live: LiveRun): void {
    this.#view = render(<LiveView live={live} onStop={this.#onStop} />, {
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
  readonly onStop: () => void;
}

/** Reads a snapshot a frame: the load never waits for the display. */
function LiveView({ live, onStop }: LiveViewProps) {
  const { stdout } = useStdout();
  const [snapshot, setSnapshot] = useState(() => live.snapshot());
  const [isStopping, setStopping] = useState(false);
  const [isPaused, setPaused] = useState(false);
  const [showsHelp, setHelp] = useState(false);
  useEffect(() => {
    if (isPaused) return;
    const timer = setInterval(() => setSnapshot(live.snapshot()), 1000 / FRAMES_PER_SECOND);
    return () => clearInterval(timer);
  }, [live, isPaused]);
  useInput((input, key) => {
    if (input === "p") setPaused((was) => !was);
    else if (input === "?") setHelp((was) => !was);
    else if (input === "q" || (key.ctrl && input === "c")) {
      setStopping(true);
      onStop();
    }
  });
  const terminal = { columns: stdout.columns, rows: stdout.rows };
  const state = isStopping ? "stopping" : isPaused ? "paused" : "running";
  return <View snapshot={snapshot} terminal={terminal} state={state} showsHelp={showsHelp} />;
}
