/** The real program on a terminal: its keys, its end, and the state it leaves the terminal in. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { runProgram } from "../../../test/support/program.ts";
import { expectRestored, onlyChildOf, TerminalSession } from "../../../test/support/terminal.ts";

/** Each test starts the program and its server; a slow machine must not fail it. */
setDefaultTimeout(60_000);

const RUN = ["simulate", "--tps", "500", "--duration", "30s", "--users", "1000", "--stock", "800"];

/** The run shows lines, and no view, until it is stopped. */
async function expectLines(session: TerminalSession): Promise<void> {
  await session.until(/^1 s {2}offered/m);
  session.signal("SIGTERM");
  await session.until(/icanon/);
  expect(session.output).toContain("INVALID: the run was stopped before its end");
  expect(session.output).toContain("exit 5");
  expect(session.output).not.toContain("\u001b");
}

describe.skipIf(process.platform !== "linux")("on a terminal", () => {
  test("q ends the load, and the report stays", async () => {
    await using session = new TerminalSession(RUN, 80, 24);
    await session.until(/stock +\d+ of 800 left/);
    await session.until(/issued +\d{3}/);
    session.press("?");
    await session.until(/hold the display still/);
    session.press("?");
    session.press("p");
    await session.until(/display paused/);
    session.press("q");
    const lastWords = await session.end();
    expectRestored(lastWords);
    expect(lastWords).toContain("INVALID: the run was stopped before its end");
    expect(lastWords).toContain("exit 5");
    // Nothing of the view is left above the report.
    expect(lastWords).not.toContain("q stop");
  });

  test.each([
    ["Ctrl-C", (session: TerminalSession): void => session.press("\u0003")],
    ["SIGTERM", (session: TerminalSession): void => session.signal("SIGTERM")],
  ] as const)("%s does the same", async (_name, interrupt) => {
    await using session = new TerminalSession(RUN, 120, 40);
    // A while after the first frame: until then the keys are not the view's.
    await session.until(/issued +\d{3}/);
    interrupt(session);
    const lastWords = await session.end();
    expectRestored(lastWords);
    expect(lastWords).toContain("INVALID: the run was stopped before its end");
  });

  test("a second signal ends the program at once, and the terminal is restored all the same", async () => {
    await using session = new TerminalSession(RUN, 80, 24);
    await session.until(/issued +[1-9]/);
    // With a server that does not answer, the load goes on until its requests time out.
    const server = onlyChildOf(session.programPid);
    process.kill(server, "SIGSTOP");
    session.signal("SIGTERM");
    await session.until(/stopping/);
    // It takes the server with it.
    session.signal("SIGTERM");
    const lastWords = await session.end();
    expectRestored(lastWords);
    expect(lastWords).toContain("exit 143");
    expect(lastWords).not.toContain("INVALID");
  });

  test("in the background there are lines instead of the view, which would stop the program", async () => {
    const inBackground = (command: string) => `set -m; ${command} & wait $!`;
    await using session = new TerminalSession(RUN, 80, 24, {}, inBackground);
    await expectLines(session);
  });

  test("where a build's log takes the terminal's place, there are lines instead of the view", async () => {
    await using session = new TerminalSession(RUN, 80, 24, { CI: "true" });
    await expectLines(session);
  });
});

test("piped output has no escape codes", async () => {
  const short = ["simulate", "--tps", "200", "--users", "220", "--stock", "100"];
  const { stdout, stderr } = await runProgram(short);
  expect(stdout).toContain("220 claims for 100 coupons");
  expect(stderr).toMatch(/^1 s /m);
  expect(stdout + stderr).not.toContain("\u001b");
});
