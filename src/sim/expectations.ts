/**
 * Thresholds on a run: `--expect 'issued==100000' --expect 'p99(issued)<50ms'`. Parsed before the
 * run, so that a slip of the pen does not cost one; held against its report afterwards.
 */
import { CliError } from "../exit-codes.ts";
import { OUTCOMES } from "./outcomes.ts";
import type { ExpectationResult, Latency, Measured } from "./report.ts";

const OPERATORS = ["==", "!=", "<=", ">=", "<", ">"] as const;
type Operator = (typeof OPERATORS)[number];

/** Units of a kind of figure, each with what it makes of one in the report's own unit. */
const UNITS = {
  count: { "": 1 },
  rate: { "": 1, "/s": 1 },
  time: { us: 0.001, ms: 1, s: 1000 },
} as const;
type Kind = keyof typeof UNITS;

interface Figure {
  readonly kind: Kind;
  /** In the report's unit: a count, per second, or ms; undefined where the run has none. */
  readonly read: (report: Measured) => number | undefined;
}

const PERCENTILES = ["p50", "p90", "p99", "p999", "max"] as const satisfies (keyof Latency)[];

/** Every name that an expectation may begin with, and where the report has its figure. */
const FIGURES: ReadonlyMap<string, Figure> = new Map([
  ...OUTCOMES.map((name) => count(name, (report) => report.outcomes[name])),
  count("scheduled", (report) => report.ledger.scheduled),
  count("sent", (report) => report.ledger.sent),
  count("shed", (report) => report.ledger.shed),
  count("unsent", (report) => report.ledger.unsent),
  count("connectionsLost", (report) => report.connectionsLost),
  count("waitedForConnection", (report) => report.waitedForConnection),
  figure("offeredRate", "rate", (report) => report.offeredRate),
  figure("achievedRate", "rate", (report) => report.achievedRate),
  figure("soldOutAfter", "time", (report) => report.soldOutAfterMs ?? undefined),
  ...PERCENTILES.flatMap((percentile) => [
    figure(`${percentile}(sendLag)`, "time", (report) => report.sendLagMs[percentile]),
    figure(`${percentile}(generatorLag)`, "time", (report) => report.generatorLagMs[percentile]),
    ...OUTCOMES.flatMap((outcome) => [
      figure(
        `${percentile}(${outcome})`,
        "time",
        (report) => report.latencyMs[outcome]?.[percentile],
      ),
      figure(
        `${percentile}(${outcome}.service)`,
        "time",
        (report) => report.serviceMs[outcome]?.[percentile],
      ),
    ]),
  ]),
]);

function count(name: string, read: (report: Measured) => number): [string, Figure] {
  return figure(name, "count", read);
}

function figure(name: string, kind: Kind, read: Figure["read"]): [string, Figure] {
  return [name, { kind, read }];
}

/** A threshold, understood. */
export interface Expectation {
  /** As it was written, without blanks. */
  readonly text: string;
  readonly name: string;
  readonly operator: Operator;
  /** In the report's unit. */
  readonly limit: number;
}

/**
 * Reads `name operator number[unit]`.
 *
 * @throws CliError (usage) that shows the place and says what may stand there
 */
export function parseExpectation(written: string): Expectation {
  const text = written.replaceAll(/\s+/g, "");
  const name = /^[^=!<>]*/.exec(text)?.[0] ?? "";
  const known = FIGURES.get(name);
  if (known === undefined) throw unreadable(text, 0, name.length, adviceOnName(name));
  const afterName = text.slice(name.length);
  const operator = OPERATORS.find((each) => afterName.startsWith(each));
  if (operator === undefined) {
    const length = /^[=!<>]*/.exec(afterName)?.[0].length ?? 0;
    throw unreadable(text, name.length, length, `write one of ${OPERATORS.join(" ")} here`);
  }
  const at = name.length + operator.length;
  const value = text.slice(at);
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)(.*)$/s.exec(value) ?? [];
  if (digits === "") {
    throw unreadable(text, at, value.length, "write a number here, such as 100000 or 0.5");
  }
  const factor = factorOf(known.kind, unit);
  if (factor === undefined) {
    throw unreadable(text, at + digits.length, unit.length, adviceOnUnit(name, known.kind));
  }
  return { text, name, operator, limit: Number(digits) * factor };
}

function factorOf(kind: Kind, unit: string): number | undefined {
  return Object.entries<number>(UNITS[kind]).find(([name]) => name === unit)?.[1];
}

/** `p99(»isued«)<50ms`: the place is marked, since a caret needs a second line. */
function unreadable(text: string, at: number, length: number, advice: string): CliError {
  const marked = `${text.slice(0, at)}»${text.slice(at, at + length)}«${text.slice(at + length)}`;
  return new CliError(`--expect ${marked} cannot be read at column ${at + 1}: ${advice}`);
}

function adviceOnName(name: string): string {
  const [, outer, inner] = /^(\w*)\((.*)\)?$/.exec(name) ?? [];
  if (outer === undefined || inner === undefined) {
    const plain = [...FIGURES.keys()].filter((each) => !each.includes("("));
    return `write one of ${plain.join(", ")}, or a percentile such as p99(issued)`;
  }
  if (!PERCENTILES.some((percentile) => percentile === outer)) {
    return `write one of ${PERCENTILES.join(", ")} before the bracket`;
  }
  return `write ${outer}(…) of ${OUTCOMES.join(", ")}, issued.service and so on, sendLag or generatorLag`;
}

function adviceOnUnit(name: string, kind: Kind): string {
  switch (kind) {
    case "count":
      return `${name} is a count, without a unit`;
    case "rate":
      return `${name} is a rate: write /s or nothing`;
    case "time":
      return `${name} is a time: write us, ms or s`;
  }
}

/** Holds the report against them, in their order. A figure that the run does not have is a miss. */
export function checkExpectations(
  expectations: readonly Expectation[],
  report: Measured,
): ExpectationResult[] {
  return expectations.map(({ text, name, operator, limit }) => {
    const figure = FIGURES.get(name);
    const actual = figure?.read(report);
    return {
      text,
      ok: actual !== undefined && holds(actual, operator, limit),
      actual: actual ?? null,
      unit: unitOf(figure?.kind),
    };
  });
}

function unitOf(kind: Kind | undefined): ExpectationResult["unit"] {
  switch (kind) {
    case "time":
      return "ms";
    case "rate":
      return "/s";
    default:
      return "";
  }
}

function holds(actual: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case "==":
      return actual === limit;
    case "!=":
      return actual !== limit;
    case "<":
      return actual < limit;
    case "<=":
      return actual <= limit;
    case ">":
      return actual > limit;
    case ">=":
      return actual >= limit;
  }
}
