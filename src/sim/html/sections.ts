/** The parts of the page that are words and tables. */
import { OUTCOMES } from "../outcomes.ts";
import type { ExpectationResult, Report } from "../report.ts";
import {
  actually,
  connectionsText,
  group,
  milliseconds,
  OUTCOME_NAMES,
  seconds,
} from "../report-text.ts";
import { MAX_GENERATOR_LAG_P99_MS, type Verdict } from "../report-verdict.ts";
import { html, type Markup } from "./markup.ts";

const TONES: Readonly<Record<Verdict, string>> = {
  PASS: "good",
  MISSED: "warn",
  INVALID: "warn",
  BROKEN: "bad",
  INCORRECT: "bad",
};

/** Which giveaway it was, and how it is judged. */
export function headSection(report: Report): Markup {
  const { config, verdict, why } = report;
  const engine = config.engine === null ? "" : `${config.engine} engine · `;
  return html`<header>
<p class="eyebrow">Rehearsal of a giveaway</p>
<h1>${config.eventName}</h1>
<p class="muted">${timeOf(config.startedAt)} · ${engine}${config.url} · event <code>${config.eventId}</code></p>
<div class="card verdict ${TONES[verdict]}"><strong>${verdict}</strong><p>${sentence(why)}</p></div>
${keyFigures(report)}
</header>`;
}

function keyFigures(report: Report): Markup {
  const { config, outcomes, ledger, verification, latencyMs } = report;
  const gone = report.soldOutAfterMs;
  const held = report.offeredRate === 0 ? 0 : (100 * report.achievedRate) / report.offeredRate;
  const passed = verification.checks.filter((check) => check.ok).length;
  const issued = latencyMs.issued;
  return html`<dl class="card figures">
${keyFigure("Coupons issued", group(outcomes.issued), `of ${group(config.stock - config.issuedBefore)}`)}
${keyFigure("Sold out", gone === null ? "no" : seconds(gone), gone === null ? "coupons are left" : "after the start")}
${keyFigure("Claims sent", group(ledger.sent), `of ${group(ledger.scheduled)} scheduled`)}
${keyFigure("Rate achieved", `${group(report.achievedRate)}/s`, `${held.toFixed(1)} % of offered`)}
${keyFigure("p99 of a coupon", issued === undefined ? "–" : `${milliseconds(issued.p99)} ms`, issued === undefined ? "none was issued" : `p50 ${milliseconds(issued.p50)} ms`)}
${keyFigure("Checks", `${passed} of ${verification.checks.length}`, passed === verification.checks.length ? "hold" : "hold: see below")}
</dl>`;
}

function keyFigure(name: string, figure: string, remark: string): Markup {
  return html`<div><dt>${name}</dt><dd>${figure}</dd><dd>${remark}</dd></div>`;
}

/** What the members were told, and how long it took. */
export function answersSection({ outcomes, latencyMs, serviceMs, reasons }: Report): Markup {
  const rows = OUTCOMES.filter((outcome) => outcomes[outcome] > 0).map((outcome) => {
    const latency = latencyMs[outcome];
    const service = serviceMs[outcome];
    if (latency === undefined) return html``;
    const { p50, p90, p99, p999, max } = latency;
    return html`<tr><th scope="row"><span class="swatch" style="background:var(--${outcome})"></span>${OUTCOME_NAMES[outcome]}</th>
<td>${group(outcomes[outcome])}</td>${[p50, p90, p99, p999, max].map((figure) => html`<td>${milliseconds(figure)}</td>`)}<td>${service === undefined ? "–" : milliseconds(service.p99)}</td></tr>`;
  });
  const why = reasons.map(
    ({ reason, count }) => html`<tr><td>${reason}</td><td>${group(count)}</td></tr>`,
  );
  return html`<section><h2>Answers</h2>
<div class="stack"><div class="card scroll"><table>
<thead><tr><th>answer</th><th>claims</th><th>p50 ms</th><th>p90</th><th>p99</th><th>p99.9</th><th>max</th><th>service p99</th></tr></thead>
<tbody>${rows}</tbody></table></div>
<p class="muted small">Milliseconds from the moment a claim was due, so that time spent waiting for a busy server is in them. Service time counts from the moment it was sent.</p>
${why.length === 0 ? "" : html`<div class="card scroll"><table><thead><tr><th>reason of a refusal or failure</th><th>claims</th></tr></thead><tbody>${why}</tbody></table></div>`}
</div></section>`;
}

/** Whether the giveaway was right. */
export function checksSection({ verification }: Report): Markup {
  const items = verification.checks.map(
    (
      check,
    ) => html`<li class="${check.ok ? "" : "failed"}"><b>${check.ok ? "ok" : "failed"}</b><span><code>${check.id}</code></span><span>${check.summary}</span>
${check.counterExamples.length === 0 ? "" : html`<ul>${check.counterExamples.map((example) => html`<li>${example}</li>`)}</ul>`}</li>`,
  );
  return html`<section><h2>Was it fair?</h2><ul class="card checks">${items}</ul></section>`;
}

/** What was asked for with --expect; nothing when that was nothing. */
export function expectationsSection({ expectations }: Report): Markup {
  if (expectations.length === 0) return html``;
  const items = expectations.map(
    (each: ExpectationResult) =>
      html`<li class="${each.ok ? "" : "failed"}"><b>${each.ok ? "met" : "missed"}</b><span><code>${each.text}</code></span><span>${actually(each)}</span></li>`,
  );
  return html`<section><h2>Expectations</h2><ul class="card checks">${items}</ul></section>`;
}

/** That every claim is accounted for, and that the generator was not the limit. */
export function loadSection(report: Report): Markup {
  const { ledger, outcomes, sendLagMs, generatorLagMs, cpuUsPerRequest } = report;
  const answered = OUTCOMES.reduce((sum, outcome) => sum + outcomes[outcome], 0);
  const lag = ({ p50, p99, max }: Report["sendLagMs"]) =>
    `p50 ${milliseconds(p50)} ms · p99 ${milliseconds(p99)} ms · max ${milliseconds(max)} ms`;
  const { generator, server } = cpuUsPerRequest;
  return html`<section><h2>The load</h2>
<div class="stack"><div class="card equation">${term(ledger.scheduled, "scheduled")}<i>=</i>${term(ledger.sent, "sent")}<i>+</i>${term(ledger.shed, "shed")}<i>+</i>${term(ledger.unsent, "unsent")}<i>·</i>${term(answered, "outcomes of those sent")}</div>
<div class="card scroll"><table class="words"><tbody>
<tr><th scope="row">Generator’s own lag</th><td>${lag(generatorLagMs)} <span class="muted">(bound: p99 ${MAX_GENERATOR_LAG_P99_MS} ms)</span></td></tr>
<tr><th scope="row">From due to sent</th><td>${lag(sendLagMs)}</td></tr>
<tr><th scope="row">Waited for a connection</th><td>${group(report.waitedForConnection)} claims</td></tr>
<tr><th scope="row">Connections lost</th><td>${group(report.connectionsLost)}</td></tr>
<tr><th scope="row">CPU of a claim</th><td>generator ${generator} µs${server === null ? "" : ` · server ${server} µs`}</td></tr>
</tbody></table></div></div></section>`;
}

function term(count: number, name: string): Markup {
  return html`<span>${group(count)}<small>${name}</small></span>`;
}

/** All that it takes to run it again. */
export function circumstancesSection(report: Report): Markup {
  const { config, machine } = report;
  const rows: readonly (readonly [string, string])[] = [
    ["Machine", `${machine.cpu} · ${machine.cores} cores · ${gibibytes(machine.memoryBytes)} GiB`],
    ["System", `${machine.kernel} · Bun ${machine.bun} · couponlive ${report.couponlive}`],
    ["Members", `${group(config.users)}, seed ${config.seed}`],
    ["Load", `${config.scenario}, ${config.shape.kind}, ${seconds(config.durationMs)}`],
    [
      "Generator",
      `${config.workers === 1 ? "1 thread" : `${config.workers} threads`}, ${connectionsText(config)}, HTTP/${config.http}`,
    ],
    ["Coupons issued before", group(config.issuedBefore)],
  ];
  return html`<section><h2>Circumstances</h2>
<div class="stack"><pre class="card"><code>${report.command}</code></pre>
<div class="card scroll"><table class="words"><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table></div></div></section>`;
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(0);
}

function timeOf(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
}
