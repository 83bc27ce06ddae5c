/** Shows the live view on a terminal while the load goes on, and leaves the terminal as it was. */
import { type Instance, render, useInput } from "ink";
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
  const [snapshot, setSnapshot] = useState(() => live.snapshot());
  const [isStopping, setStopping] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => setSnapshot(live.snapshot()), 1000 / FRAMES_PER_SECOND);
    return () => clearInterval(timer);
  }, [live]);
  useInput((input, key) => {
    if (input !== "q" && !(key.ctrl && input === "c")) return;
    setStopping(true);
    onStop();
  });
  return <View snapshot={snapshot} isStopping={isStopping} />;
}
