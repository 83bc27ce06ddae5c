/**
 * Resolves when the process is asked to stop: SIGTERM, Ctrl-C, or the death of its parent. Further
 * signals change nothing: a shell often sends one to the whole group and npm hands it on again, and
 * what a stop has begun is bounded in time anyway.
 */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    process.on("SIGTERM", () => resolve());
    process.on("SIGINT", () => resolve());
    process.on("disconnect", () => resolve());
  });
}
