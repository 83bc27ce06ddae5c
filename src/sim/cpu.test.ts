import { expect, test } from "bun:test";
import { processTreeCpuUs } from "./cpu.ts";

/** Burns CPU in a grandchild, then waits to be killed. */
const BUSY_GRANDCHILD =
  "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo burnt; read -r _'; :";

test.skipIf(process.platform !== "linux")("counts a process with its descendants", async () => {
  const child = Bun.spawn(["sh", "-c", BUSY_GRANDCHILD], { stdin: "pipe", stdout: "pipe" });
  await child.stdout.getReader().read();
  expect(processTreeCpuUs(child.pid)).toBeGreaterThanOrEqual(20_000);
  await child.stdin.end();
  await child.exited;
  expect(processTreeCpuUs(child.pid)).toBeUndefined();
});
