/** The real program with its scenarios and shapes, each on a server of its own. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { runProgram } from "../../test/support/program.ts";
import { TestServer } from "../../test/support/server.ts";
import { temporaryDirectory } from "../../test/support/temp.ts";
import { EXIT } from "../exit-codes.ts";
import { OUTCOMES, type Outcome } from "../sim/outcomes.ts";
import { type Report, reportSchema } from "../sim/report.ts";

setDefaultTimeout(60_000);

async function simulate(...flags: string[]): Promise<Report> {
  const { stdout, stderr } = await runProgram(["simulate", ...flags, "--json", "-"]);
  expect(stderr).not.toContain("couponlive: ");
  const report = reportSchema.parse(JSON.parse(stdout));
  expect(report.verification.checks.filter((check) => !check.ok)).toEqual([]);
  // Several runs at once on a slow machine may not hold their rate.
  expect(["PASS", "INVALID"]).toContain(report.verdict);
  return report;
}

/** The outcomes that occurred. */
function seen({ outcomes }: Report): Outcome[] {
  return OUTCOMES.filter((outcome) => outcomes[outcome] > 0);
}

describe("scenarios are right, and bring what they promise", () => {
  const CROWD = ["--users", "400", "--tps", "400"];

  test.concurrent("impatient: repeats at once", async () => {
    const report = await simulate(...CROWD, "--scenario", "impatient");
    expect(report.config).toMatchObject({ scenario: "impatient", durationMs: 3_000 });
    expect(seen(report)).toEqual(["issued", "alreadyIssued"]);
    expect(report.ledger.scheduled).toBe(1_200);
  });

  test.concurrent("stampede: nine tenths find the stock gone, or hold a coupon", async () => {
    const report = await simulate(...CROWD, "--scenario", "stampede");
    expect(report.config.stock).toBe(40);
    expect(report.outcomes.issued).toBe(40);
    expect(report.outcomes.soldOut + report.outcomes.alreadyIssued).toBe(360);
  });

  test.concurrent("edges: the window opens and closes within the run", async () => {
    const report = await simulate(...CROWD, "--scenario", "edges", "--duration", "3s");
    expect(seen(report)).toEqual(["issued", "alreadyIssued", "notOpen"]);
  });

  test.concurrent("intruders are refused, and nobody else", async () => {
    const report = await simulate(...CROWD, "--scenario", "intruders");
    expect(seen(report)).toEqual(["issued", "unauthorized"]);
    const intruders = report.verification.checks.find(({ id }) => id === "intruders-refused");
    expect(intruders?.summary).toBe(`none of ${report.outcomes.unauthorized} intruders was served`);
  });

  test.concurrent("mixed, in steps", async () => {
    const steps = ["--shape", "steps:100x1s,600x1s"];
    const report = await simulate("--users", "400", "--scenario", "mixed", ...steps);
    expect(report.ledger.scheduled).toBe(700);
    expect(seen(report)).toEqual(["issued", "alreadyIssued", "unauthorized"]);
  });

  test.concurrent("humans: some come before the opening, and come again", async () => {
    const report = await simulate(...CROWD, "--shape", "humans", "--duration", "3s");
    expect(seen(report)).toEqual(["issued", "alreadyIssued", "notOpen"]);
    expect(report.outcomes.notOpen).toBeLessThanOrEqual(120);
  });
});

const bucketSchema = z.object({
  due: z.int(),
  sent: z.int(),
  outcomes: z.object({ issued: z.int() }),
  server: z.object({ remaining: z.int(), queueDepth: z.int(), writerBacklog: z.int() }),
});

test("the series tells the course of the run, and what the server said of itself", async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, "series.ndjson");
  // The coupons are gone after less than a second of three, so that a slow machine tells of it too.
  await simulate("--users", "1500", "--tps", "500", "--stock", "300", "--series", file);
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const buckets = lines.map((line): unknown => JSON.parse(line));
  // The server is asked for the first time when the run begins.
  const told = buckets
    .map((bucket) => bucketSchema.safeParse(bucket))
    .flatMap(({ data }) => data ?? []);
  expect(told.length).toBeGreaterThan(0);
  expect(told.at(-1)?.server.remaining).toBe(0);
  const all = z.array(bucketSchema.omit({ server: true })).parse(buckets);
  const sum = (count: (bucket: (typeof all)[number]) => number) =>
    all.reduce((total, bucket) => total + count(bucket), 0);
  expect(sum((bucket) => bucket.due)).toBe(1_500);
  expect(sum((bucket) => bucket.sent)).toBe(1_500);
  expect(sum((bucket) => bucket.outcomes.issued)).toBe(300);
});

describe("usage", () => {
  const wrong: [flags: string[], message: string][] = [
    [["--shape", "sine"], '--shape "sine" cannot be used: there is no such shape'],
    [["--shape", "burst", "--duration", "3s"], "says itself how long it lasts"],
    [["--shape", "ramp:0:9", "--tps", "5"], "--shape ramp says itself at what rate"],
    [["--event", "there", "--stock", "5"], "--event has a stock of its own"],
    [["--url", "http://127.0.0.1:9", "--workers", "2"], "has started its own processes"],
    [["--scenario", "party"], "Allowed choices are rush, impatient"],
    [["--shape", "steps:1000000x21s"], "a run has 1 to 20,000,000"],
    [["--tps", "1", "--duration", "7h"], "a run lasts at most 6 hours"],
  ];
  test.concurrent.each(wrong)("%p", async (flags, message) => {
    const result = await runProgram(["simulate", ...flags]);
    expect(result.stderr).toContain(message);
    expect(result.exitCode).toBe(EXIT.usage);
  });
});

describe("a server without its database", () => {
  test("is judged over HTTP; needs an event, and the right secret", async () => {
    await using server = await TestServer.create();
    await server.start();
    await server.openEvent({ id: "far", name: "Far" });
    const url = ["simulate", "--url", server.url, "--users", "100", "--tps", "200", "--json", "-"];
    const env = { COUPONLIVE_JWT_SECRET: server.env["COUPONLIVE_JWT_SECRET"] ?? "" };

    const good = await runProgram([...url, "--event", "far"], { env });
    const report = reportSchema.parse(JSON.parse(good.stdout));
    expect(report.outcomes.issued).toBe(100);
    expect(report.verification.ok).toBe(true);
    const codes = report.verification.checks.find(({ id }) => id === "true-codes");
    expect(codes?.summary).toStartWith("not judged");

    const eventless = await runProgram(url, { env });
    expect(eventless.stderr).toContain("name an --event, or the --db");
    expect(eventless.exitCode).toBe(EXIT.usage);

    const stranger = { COUPONLIVE_JWT_SECRET: "another secret, of enough bytes too" };
    const refused = await runProgram([...url, "--event", "far"], { env: stranger });
    expect(refused.stderr).toContain("refuses the tokens that are signed here");
    expect(refused.exitCode).toBe(EXIT.usage);
  });
});
