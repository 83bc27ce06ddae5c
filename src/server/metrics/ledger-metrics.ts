/** What the process knows that fills the ledger: where events stand, and what is on its way. */
import packageJson from "../../../package.json" with { type: "json" };
import type { ClaimEngine } from "../claims/engine.ts";
import type { Database } from "../database.ts";
import type { Catalogue } from "../events/catalogue.ts";
import type { EventDefinition } from "../events/event.ts";
import { isDueForPreparation } from "../events/preparation.ts";
import { WriterBacklog } from "../http/backlog.ts";
import { describeEvent } from "../http/events.ts";
import type { EventDescription } from "../http/events-schema.ts";
import type { LedgerTrouble } from "../ledger/writer.ts";
import { addCounter, addGauge, type MetricsRegistry, type Value } from "./registry.ts";

/** Events that may still issue and are told of, the earliest first: a bound to the answer's size. */
const MAX_EVENTS = 200;

export interface LedgerParts {
  readonly catalogue: Catalogue;
  readonly engine: ClaimEngine;
  readonly database: Database;
  readonly trouble: Readonly<LedgerTrouble>;
  readonly nowMs: () => number;
}

/** Adds the metrics of events and of the ledger. */
export function addLedgerMetrics(registry: MetricsRegistry, parts: LedgerParts): void {
  const backlog = new WriterBacklog(parts);
  addGauge(registry, {
    name: "couponlive_build_info",
    help: "1, with the version that runs.",
    labelNames: ["version", "engine"],
    read: () => [{ labels: { version: packageJson.version, engine: parts.engine.kind }, value: 1 }],
  });
  addGauge(registry, {
    name: "couponlive_ledger_backlog",
    help: "Coupons that are issued and not in the ledger yet.",
    read: async () => given((await backlog.get())?.count),
  });
  addGauge(registry, {
    name: "couponlive_ledger_backlog_age_seconds",
    help: "How long ago the oldest of them was issued; 0 without any.",
    read: async () => given(((await backlog.get())?.ageMs ?? Number.NaN) / 1_000),
  });
  addCounter(registry, {
    name: "couponlive_ledger_contradictions_total",
    help: "What was decided and contradicts the ledger. Must stay 0.",
    read: () => [{ value: parts.trouble.contradictions }],
  });
  addCounter(registry, {
    name: "couponlive_ledger_failures_total",
    help: "Attempts to fill the ledger that failed and are repeated.",
    read: () => [{ value: parts.trouble.failures }],
  });
  addEventMetrics(registry, parts);
}

interface EventFacts {
  readonly event: EventDefinition;
  readonly described: EventDescription;
}

function addEventMetrics(registry: MetricsRegistry, parts: LedgerParts): void {
  const gauge = (name: string, help: string, of: (facts: EventFacts) => number | undefined) =>
    addGauge(registry, {
      name: `couponlive_event_${name}`,
      help,
      labelNames: ["event"],
      read: async () =>
        (await readEvents(parts)).flatMap((facts) =>
          given(of(facts)).map(({ value }) => ({ labels: { event: facts.event.id }, value })),
        ),
    });
  gauge("stock", "Coupons of the event.", ({ described }) => described.stock);
  gauge("issued", "Coupons issued, by the engine's count.", ({ described }) => described.issued);
  gauge("remaining", "Coupons left.", ({ described }) => described.remaining);
  gauge("paused", "1 while the event is paused.", ({ event }) => Number(event.paused));
  gauge("window_open", "1 while a window is open.", ({ described }) =>
    Number(described.currentWindow !== null),
  );
  gauge("window_closes_timestamp_seconds", "When the open window closes.", ({ described }) =>
    seconds(described.currentWindow?.closesAt),
  );
  gauge("next_window_timestamp_seconds", "When the next window opens.", ({ described }) =>
    seconds(described.nextWindow?.opensAt),
  );
}

/** Asked of the engine once for all metrics of a scrape, which are read in one turn. */
const asked = new WeakMap<LedgerParts, { readonly atMs: number; facts: Promise<EventFacts[]> }>();
const MAX_AGE_MS = 100;

function readEvents(parts: LedgerParts): Promise<EventFacts[]> {
  const nowMs = parts.nowMs();
  const last = asked.get(parts);
  if (last !== undefined && nowMs - last.atMs < MAX_AGE_MS) return last.facts;
  const facts = describeEvents(parts, nowMs);
  asked.set(parts, { atMs: nowMs, facts });
  return facts;
}

async function describeEvents(parts: LedgerParts, nowMs: number): Promise<EventFacts[]> {
  const due = parts.catalogue
    .list()
    .filter((event) => isDueForPreparation(event, nowMs))
    .sort((a, b) => nextOpening(a, nowMs) - nextOpening(b, nowMs))
    .slice(0, MAX_EVENTS);
  return await Promise.all(
    due.map(async (event) => ({
      event,
      described: describeEvent(event, await parts.engine.status(event)),
    })),
  );
}

/** When the window opens, or opened, that is the next to close. */
function nextOpening(event: EventDefinition, nowMs: number): number {
  const window = event.windows.find(({ closesAtMs }) => closesAtMs > nowMs);
  return window?.opensAtMs ?? Number.POSITIVE_INFINITY;
}

/** A value where there is one. */
function given(value: number | undefined): Value[] {
  return value === undefined || Number.isNaN(value) ? [] : [{ value }];
}

function seconds(moment: string | undefined): number | undefined {
  return moment === undefined ? undefined : Date.parse(moment) / 1_000;
}
