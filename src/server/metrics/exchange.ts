/** How web processes hand their metrics to the supervisor: it asks, and they answer, by IPC. */
import type { Subprocess } from "bun";
import { z } from "zod";
import type { ProcessMetrics } from "./exposition.ts";
import type { WebParts } from "./web-metrics.ts";

/** One that does not answer in time is left out, as one that has died would be. */
const ANSWER_TIMEOUT_MS = 2_000;

const requestSchema = z.object({ metricsRequest: z.int() });
const answerSchema = z.object({
  metricsAnswer: z.object({ request: z.int(), metrics: z.array(z.looseObject({})) }),
});

/** The supervisor's side. */
export class MetricsExchange {
  readonly #waiting = new Map<number, (metrics: ProcessMetrics) => void>();
  #requests = 0;

  /** Asks a web process; undefined when it does not answer. */
  async ask(child: Subprocess): Promise<ProcessMetrics | undefined> {
    const request = ++this.#requests;
    const { promise, resolve } = Promise.withResolvers<ProcessMetrics | undefined>();
    this.#waiting.set(request, resolve);
    const timer = setTimeout(() => resolve(undefined), ANSWER_TIMEOUT_MS);
    try {
      child.send({ metricsRequest: request });
      return await promise;
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(request);
    }
  }

  /** Takes what came from a web process, where it is an answer. */
  receive(message: unknown): void {
    const parsed = answerSchema.safeParse(message);
    if (!parsed.success) return;
    const { request, metrics } = parsed.data.metricsAnswer;
    this.#waiting.get(request)?.(metrics);
  }
}

/** The web process's side: answers whenever it is asked. Before that, metrics cost it nothing. */
export function answerMetricsRequests(processName: string, parts: WebParts): void {
  let read: Promise<() => Promise<ProcessMetrics>> | undefined;
  process.on("message", async (message) => {
    const parsed = requestSchema.safeParse(message);
    if (!parsed.success) return;
    read ??= import("./serve-metrics.ts").then(({ webMetrics }) => webMetrics(processName, parts));
    const metrics = await (await read)();
    process.send?.({ metricsAnswer: { request: parsed.data.metricsRequest, metrics } });
  });
}
