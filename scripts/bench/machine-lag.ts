/**
 * How late this machine lets a thread run that does nothing but sleep half a millisecond at a time:
 * in per cent of a steady load's arrivals, those that it would come to more than a millisecond after
 * they are due. No generator that sleeps can be better on it.
 */
const NAP_MS = 0.5;
const LATE_MS = 1;
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));

export function measureLatePercent(durationMs: number): number {
  const startMs = performance.now();
  let lateMs = 0;
  for (let beforeMs = startMs; beforeMs - startMs < durationMs; ) {
    Atomics.wait(NEVER_WOKEN, 0, 0, NAP_MS);
    const afterMs = performance.now();
    lateMs += Math.max(0, afterMs - beforeMs - LATE_MS);
    beforeMs = afterMs;
  }
  return (100 * lateMs) / durationMs;
}
