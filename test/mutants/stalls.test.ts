/** A server, or the generator itself, that stands still for a while: neither goes unseen. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { EXIT } from "../../src/exit-codes.ts";
import { type Report, reportSchema } from "../../src/sim/report.ts";
import { type RunningProgram, startProgram } from "../support/program.ts";
import { TestServer } from "../support/server.ts";

setDefaultTimeout(60_000);

const STALL_MS = 1_400;
/** 4,000 claims; a stall of 1.4 s makes a third of them late, far more than one in a hundred. */
const RUN = ["simulate", "--users", "4000", "--tps", "1000", "--plain", "--json", "-"];

/** Stops a process once the load has gone on for a second, and lets it go on later. */
async function stall(program: RunningProgram, signal: (name: "SIGSTOP" | "SIGCONT") => void) {
  await program.readUntil(/^1 s /);
  signal("SIGSTOP");
  await Bun.sleep(STALL_MS);
  signal("SIGCONT");
}

async function readReport(program: RunningProgram): Promise<Report> {
  const { stdout } = await program.within(50_000);
  return reportSchema.parse(JSON.parse(stdout));
}

test("a server that stands still for 1.4 s shows it in p99 of the response time", async () => {
  await using server = await TestServer.create();
  await server.start();
  await server.openEvent({ id: "stall", name: "Stall" });
  const target = ["--url", server.url, "--event", "stall"];
  await using program = startProgram([...RUN, ...target], { env: server.env });
  await stall(program, (name) => server.program?.signal(name));
  const report = await readReport(program);
  expect(report.latencyMs.issued?.p99).toBeGreaterThan(STALL_MS / 2);
  expect(report.latencyMs.issued?.max).toBeGreaterThan(STALL_MS * 0.9);
  // Nor is it the generator's doing.
  expect(report.generatorLagMs.p50).toBeLessThan(STALL_MS / 2);
  expect(["PASS", "INVALID"]).toContain(report.verdict);
});

test("a generator that stands still is INVALID, whatever it makes up for afterwards", async () => {
  await using program = startProgram(RUN);
  await stall(program, (name) => program.signal(name));
  const report = await readReport(program);
  expect(report.ledger).toEqual({ scheduled: 4_000, sent: 4_000, shed: 0, unsent: 0 });
  expect(report.generatorLagMs.p99).toBeGreaterThan(STALL_MS / 2);
  expect(report.verdict).toBe("INVALID");
  expect(report.why).toContain("the generator");
  expect((await program.ended).exitCode).toBe(EXIT.invalid);
});

test("a rate that the generator cannot reach is INVALID, not the server's failure", async () => {
  const flags = ["--users", "1000", "--tps", "1000000", "--duration", "100ms", "--json", "-"];
  await using program = startProgram(["simulate", ...flags]);
  const report = await readReport(program);
  expect(report.achievedRate).toBeLessThan(0.99 * report.offeredRate);
  expect(report.verdict).toBe("INVALID");
  expect((await program.ended).exitCode).toBe(EXIT.invalid);
});
