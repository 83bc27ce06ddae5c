/** The entry of a load worker's thread. Load is never sent from the thread that draws. */
import { LoadLoop } from "./load.ts";
import type { FromWorker, ToWorker, WorkerPlan } from "./messages.ts";
import { prepareRequests } from "./requests.ts";
import { warmUp } from "./warm-up.ts";

declare const self: Worker;

let load: LoadLoop | undefined;

function tell(message: FromWorker, transfer: Bun.Transferable[] = []): void {
  postMessage(message, transfer);
}

async function prepare(plan: WorkerPlan): Promise<void> {
  await warmUp(plan);
  const requests = prepareRequests(plan, (members) => tell({ kind: "minted", members }));
  load = new LoadLoop(plan, requests, (progress) => tell({ kind: "progress", progress }));
  await load.open();
  // What the preparation left behind is collected now rather than in the middle of the rush.
  Bun.gc(true);
  tell({ kind: "ready" });
}

async function run(startAtMs: number): Promise<void> {
  if (load === undefined) throw new Error("a load worker was started before it was prepared");
  await load.run(startAtMs);
  load.close();
  const told = load.told.arrays;
  const buffers = [told.flags, told.ranks, told.codes, told.times].map(({ buffer }) => buffer);
  tell({ kind: "done", tally: load.tally.toRecord(), told }, buffers);
}

async function handle(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case "prepare":
      await prepare(message.plan);
      break;
    case "start":
      await run(message.startAtMs);
      break;
    case "stop":
      load?.stop();
      break;
  }
}

self.onmessage = (event: MessageEvent<ToWorker>) => {
  handle(event.data).catch((error: unknown) => {
    load?.close();
    tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  });
};
