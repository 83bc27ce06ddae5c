/** The real `simulate` against servers that are wrong in one way each, and against a right one. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { EXIT } from "../../src/exit-codes.ts";
import { type Report, reportSchema } from "../../src/sim/report.ts";
import { type ProgramResult, runProgram } from "../support/program.ts";
import { type MutantEvent, type Mutation, startMutant } from "./mutant-server.ts";
import {
  duplicate,
  earlySoldOut,
  expiredAccepted,
  lateClosing,
  lostIssuance,
  oneTooMany,
  sharedCode,
  stoppedClock,
  wrongRefusal,
} from "./mutations.ts";

setDefaultTimeout(60_000);

/** The run under which a mutant is found. A server without the mutation must pass the same. */
interface Trial {
  readonly event: MutantEvent;
  readonly flags: readonly string[];
  /** Whether the judge is given the database; else it asks the server. */
  readonly readsDatabase?: true;
}

/** Everyone claims twice; a third of the members find nothing left. */
const SOLD_OUT: Trial = { event: { stock: 20 }, flags: ["--users", "30", "--duration", "600ms"] };
const PLENTY: Trial = { event: { stock: 1_000 }, flags: ["--users", "30", "--duration", "600ms"] };
/** Beyond the second in which a server may not know yet that the event is open. */
const LONGER: Trial = {
  event: { stock: 1_000 },
  flags: ["--users", "250", "--duration", "2500ms"],
};
/** Starting takes a second or two: the window closes in the midst of a run of four. */
const CLOSING: Trial = {
  event: { stock: 10_000, closesInMs: 3_500 },
  flags: ["--users", "600", "--duration", "4s"],
};
const INTRUDERS: Trial = {
  event: { stock: 1_000 },
  flags: ["--users", "60", "--duration", "600ms", "--scenario", "intruders"],
};

async function simulate(mutation: Mutation, trial: Trial): Promise<ProgramResult> {
  await using server = await startMutant(mutation, trial.event);
  const target = ["--url", server.url, "--event", server.eventId];
  const database = trial.readsDatabase === true ? ["--db", server.ledgerPath] : [];
  return await runProgram(
    ["simulate", ...target, ...database, "--tps", "100", ...trial.flags, "--json", "-"],
    { env: server.env },
  );
}

function readReport({ stdout, stderr }: ProgramResult): Report {
  expect(stderr).not.toContain("couponlive: ");
  return reportSchema.parse(JSON.parse(stdout));
}

/** The counter-examples of the checks that failed. */
function failures(report: Report): Record<string, string[]> {
  const failed = report.verification.checks.filter((check) => !check.ok);
  return Object.fromEntries(failed.map((check) => [check.id, check.counterExamples]));
}

const overDatabase = (trial: Trial): Trial => ({ ...trial, readsDatabase: true });

describe("a right server passes", () => {
  const trials: [name: string, trial: Trial][] = [
    ["sold out", SOLD_OUT],
    ["sold out, from the database", overDatabase(SOLD_OUT)],
    ["plenty", PLENTY],
    ["intruders", INTRUDERS],
  ];
  test.concurrent.each(trials)("%s", async (_name, trial) => {
    await expectRight(trial);
  });

  test("closing", async () => {
    await expectRight(CLOSING);
  });

  async function expectRight(trial: Trial): Promise<void> {
    const result = await simulate({}, trial);
    const report = readReport(result);
    expect(failures(report)).toEqual({});
    // A slow machine may not hold even this rate.
    expect(["PASS", "INVALID"]).toContain(report.verdict);
    const { issued, notOpen, soldOut, unauthorized } = report.outcomes;
    expect(issued).toBeGreaterThan(0);
    // What the mutants are to get wrong does happen.
    expect(soldOut > 0).toBe(trial.event === SOLD_OUT.event);
    expect(notOpen > 0).toBe(trial.event === CLOSING.event);
    expect(unauthorized > 0).toBe(trial.flags === INTRUDERS.flags);
  }
});

const MEMBER = String.raw`member-\d{7}`;

describe("a wrong server is found out", () => {
  type Mutant = [name: string, Mutation, Trial, found: Record<string, RegExp>];
  const mutants: Mutant[] = [
    [
      "one coupon too many",
      oneTooMany,
      SOLD_OUT,
      {
        "told-stock": /^21 members were told of a coupon, the stock is 20$/,
        stock: /^21 issued of a stock of 20$/,
      },
    ],
    [
      "a duplicate for one member",
      duplicate(),
      PLENTY,
      { "told-once": new RegExp(`^${MEMBER} was told of two different coupons$`) },
    ],
    [
      "an acknowledged issuance that the ledger lacks",
      lostIssuance(),
      PLENTY,
      { "told-kept": new RegExp(`^${MEMBER} was told rank 1000, the ledger has nothing$`) },
    ],
    [
      "«sold out» while coupons were left",
      earlySoldOut(),
      SOLD_OUT,
      {
        "sold-out-last": new RegExp(
          `^${MEMBER} was told «sold out» \\d+ ms before rank 20 was issued$`,
        ),
      },
    ],
    [
      "«sold out» while coupons were left to the end, from the database",
      earlySoldOut(),
      overDatabase(PLENTY),
      { "sold-out-true": /^1 were told «sold out», \d+ coupons are left$/ },
    ],
    [
      "«not open» while the event was open",
      wrongRefusal("not_open"),
      LONGER,
      {
        "not-open-true": new RegExp(`^${MEMBER} was told «not open» while the event was open$`),
      },
    ],
    [
      "«paused» while the event was not, from the database",
      wrongRefusal("paused"),
      overDatabase(LONGER),
      {
        "paused-true": new RegExp(`^${MEMBER} was told «paused» while the event was not$`),
      },
    ],
    [
      "«ended» while the event had not",
      wrongRefusal("ended"),
      PLENTY,
      { "ended-true": new RegExp(`^${MEMBER} was told «ended» while the event had not$`) },
    ],
    [
      "«window exhausted» without a quota",
      wrongRefusal("window_exhausted"),
      PLENTY,
      {
        "exhausted-true": new RegExp(
          `^${MEMBER} was told «window exhausted», and no window's quota was used up$`,
        ),
      },
    ],
    [
      "an intruder served",
      expiredAccepted,
      INTRUDERS,
      {
        "intruders-refused": new RegExp(
          `^${MEMBER} showed a token that is expired and was told rank \\d+$`,
        ),
      },
    ],
    [
      "two members with one code",
      sharedCode(),
      PLENTY,
      { "told-unique": new RegExp(`^${MEMBER} and ${MEMBER} were told the same code$`) },
    ],
  ];
  test.concurrent.each(mutants)("%s", expectFound);

  // One at a time, since the window closes when it closes.
  const afterClosing: Mutant[] = [
    [
      "an issuance after closing, dated back",
      stoppedClock,
      CLOSING,
      {
        "told-in-window": new RegExp(
          `^${MEMBER} was told «issued» on a claim sent \\d+ ms after the event had closed$`,
        ),
      },
    ],
    [
      "an issuance after closing, as it is",
      lateClosing,
      CLOSING,
      { "in-window": /^rank \d+ was issued at 20/ },
    ],
  ];
  test.each(afterClosing)("%s", expectFound);

  async function expectFound(...[, mutation, trial, found]: Mutant): Promise<void> {
    const result = await simulate(mutation, trial);
    const failed = failures(readReport(result));
    for (const [check, example] of Object.entries(found)) {
      expect(failed[check] ?? []).toContainEqual(expect.stringMatching(example));
    }
    expect(result.exitCode).toBe(EXIT.incorrect);
  }
});
