/** Two runs side by side: what differed in how they were made, and in what came of it. */
import { z } from "zod";
import { CliError } from "../exit-codes.ts";
import { OUTCOMES } from "./outcomes.ts";
import { type Latency, REPORT_VERSION, type Report, reportSchema } from "./report.ts";
import { milliseconds, OUTCOME_NAMES, table } from "./report-text.ts";

/** Of the comparison's JSON. It grows as the report's version does. */
const COMPARISON_VERSION = 1;

/** A figure of both runs, in `unit`; null where a run does not have it. */
export interface ComparedFigure {
  readonly name: string;
  readonly unit: "" | "/s" | "ms" | "µs";
  readonly a: number | null;
  readonly b: number | null;
  /** b / a; null where either is missing or a is 0. */
  readonly ratio: number | null;
}

/** A circumstance that was not the same. */
export interface Difference {
  readonly name: string;
  readonly a: string;
  readonly b: string;
}

/** What `simulate compare --json` writes. */
export interface Comparison {
  readonly version: typeof COMPARISON_VERSION;
  readonly verdicts: { readonly a: Report["verdict"]; readonly b: Report["verdict"] };
  readonly differences: readonly Difference[];
  readonly figures: readonly ComparedFigure[];
}

const anyReport = z.looseObject({ version: z.int(), verdict: z.string() });

/**
 * Reads a file that `--json` wrote.
 *
 * @param name of the file, for the error
 * @throws CliError (usage) when it is none, or of another version
 */
export function readReport(text: string, name: string): Report {
  const json = parseJson(text);
  const any = anyReport.safeParse(json);
  if (!any.success) {
    throw new CliError(`${name} is no report: name a file that simulate --json wrote`);
  }
  const { version } = any.data;
  if (version !== REPORT_VERSION) {
    throw new CliError(
      `${name} is a report of version ${version}, and this couponlive compares version ${REPORT_VERSION}: make it again with this one, or compare with the one that wrote it`,
    );
  }
  const report = reportSchema.safeParse(json);
  if (report.success) return report.data;
  const where = report.error.issues[0]?.path.join(".") ?? "";
  throw new CliError(
    `${name} is a damaged report (at ${where}): name a file as simulate --json wrote it`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function compareReports(a: Report, b: Report): Comparison {
  const before = circumstances(a);
  const after = circumstances(b);
  const figuresOfA = new Map(figuresOf(a).map((figure) => [figure.name, figure]));
  const figuresOfB = new Map(figuresOf(b).map((figure) => [figure.name, figure]));
  const all = new Map([...figuresOfA, ...figuresOfB]);
  return {
    version: COMPARISON_VERSION,
    verdicts: { a: a.verdict, b: b.verdict },
    differences: before.flatMap(([name, of], index) => {
      const other = after[index]?.[1] ?? "";
      return of === other ? [] : [{ name, a: of, b: other }];
    }),
    figures: ORDER.flatMap((name) => {
      const figure = all.get(name);
      if (figure === undefined) return [];
      const [ofA, ofB] = [figuresOfA.get(name)?.value ?? null, figuresOfB.get(name)?.value ?? null];
      const ratio = ofA === null || ofB === null || ofA === 0 ? null : ofB / ofA;
      return [{ name, unit: figure.unit, a: ofA, b: ofB, ratio }];
    }),
  };
}

/** What makes two runs comparable, or not. */
function circumstances({ config, machine, couponlive }: Report): [string, string][] {
  const { eventId: _id, eventName: _name, startedAt: _at, url, engine, ...rest } = config;
  return [
    ["couponlive", couponlive],
    ["machine", `${machine.cpu}, ${machine.cores} cores`],
    ["kernel", machine.kernel],
    ["bun", machine.bun],
    // A server of the run's own has another port each time.
    ["server", engine === null ? url : `own, ${engine} engine`],
    ...Object.entries(rest).map(([name, value]): [string, string] => [name, plain(value)]),
  ];
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

interface Figure {
  readonly name: string;
  readonly unit: ComparedFigure["unit"];
  readonly value: number;
}

const PERCENTILES = ["p50", "p90", "p99", "p999", "max"] as const satisfies (keyof Latency)[];

const percentileName = (percentile: keyof Latency, of: string) =>
  `${of} ${percentile === "p999" ? "p99.9" : percentile}`;

/** Every figure that there may be, in the order in which it is shown. */
const ORDER: readonly string[] = [
  "offered",
  "achieved",
  "sold out after",
  ...OUTCOMES.map((outcome) => OUTCOME_NAMES[outcome]),
  ...OUTCOMES.flatMap((outcome) =>
    PERCENTILES.map((percentile) => percentileName(percentile, OUTCOME_NAMES[outcome])),
  ),
  "send lag p99",
  "generator lag p99",
  "generator CPU",
  "server CPU",
];

function figuresOf(report: Report): Figure[] {
  const { outcomes, latencyMs, cpuUsPerRequest, soldOutAfterMs } = report;
  const occurred = OUTCOMES.filter((outcome) => outcomes[outcome] > 0);
  return [
    { name: "offered", unit: "/s", value: report.offeredRate },
    { name: "achieved", unit: "/s", value: report.achievedRate },
    ...optional("sold out after", "ms", soldOutAfterMs),
    ...occurred.map((outcome): Figure => {
      return { name: OUTCOME_NAMES[outcome], unit: "", value: outcomes[outcome] };
    }),
    ...occurred.flatMap((outcome) =>
      PERCENTILES.flatMap((percentile) =>
        optional(
          percentileName(percentile, OUTCOME_NAMES[outcome]),
          "ms",
          latencyMs[outcome]?.[percentile] ?? null,
        ),
      ),
    ),
    { name: "send lag p99", unit: "ms", value: report.sendLagMs.p99 },
    { name: "generator lag p99", unit: "ms", value: report.generatorLagMs.p99 },
    { name: "generator CPU", unit: "µs", value: cpuUsPerRequest.generator },
    ...optional("server CPU", "µs", cpuUsPerRequest.server),
  ];
}

function optional(name: string, unit: Figure["unit"], value: number | null): Figure[] {
  return value === null ? [] : [{ name, unit, value }];
}

/** The comparison for people. */
export function comparisonLines(comparison: Comparison, nameA: string, nameB: string): string[] {
  const { verdicts, differences, figures } = comparison;
  return [
    ...table([
      ["", nameA, nameB, "ratio"],
      ["verdict", verdicts.a, verdicts.b, ""],
      ...figures.map(({ name, unit, a, b, ratio }) => [
        name,
        amount(a, unit),
        amount(b, unit),
        ratio === null ? "–" : `× ${ratio.toFixed(2)}`,
      ]),
    ]),
    "",
    ...(differences.length === 0
      ? ["Both were made in the same way."]
      : [
          "What was not the same:",
          ...differences.map(({ name, a, b }) => `  ${name}: ${a} → ${b}`),
        ]),
  ];
}

function amount(value: number | null, unit: ComparedFigure["unit"]): string {
  if (value === null) return "–";
  if (unit === "ms") return `${milliseconds(value)} ms`;
  if (unit === "µs") return `${value.toFixed(1)} µs`;
  return `${value.toLocaleString("en-US", { maximumFractionDigits: 0 })}${unit}`;
}
