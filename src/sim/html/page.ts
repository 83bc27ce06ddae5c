/** The report as one page that needs nothing else: no network, no other file. */

import uplotScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import type { Report } from "../report.ts";
import { seconds } from "../report-text.ts";
import type { RunResult } from "../run.ts";
import { BUCKET_MS } from "../series.ts";
import { chartData } from "./chart-data.ts";
import chartsScript from "./charts.client.js" with { type: "text" };
import { embedded, html, jsonScript, type Markup } from "./markup.ts";
import pageStyle from "./page.css" with { type: "text" };
import {
  answersSection,
  checksSection,
  circumstancesSection,
  expectationsSection,
  headSection,
  loadSection,
} from "./sections.ts";

/** The browser itself refuses whatever is not in the page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/** The whole page. */
export function htmlReport(result: RunResult): string {
  const { report } = result;
  const data = chartData(result);
  const serverTells = data.queueDepth !== undefined || data.writerBacklog !== undefined;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.verdict} · ${report.config.eventName} · couponlive</title>
<style>${embedded(uplotStyle)}${embedded(pageStyle)}</style>
</head>
<body><main>
${headSection(report)}
${chartsSection(data.pointMs, serverTells)}
${checksSection(report)}
${expectationsSection(report)}
${answersSection(report)}
${loadSection(report)}
${circumstancesSection(report)}
${footer(report)}
</main>
${jsonScript("chart-data", data)}
<script>${embedded(uplotScript)}</script>
<script>${embedded(chartsScript)}</script>
</body>
</html>
`.text;
}

function chartsSection(pointMs: number, serverTells: boolean): Markup {
  const point = pointMs <= BUCKET_MS ? "each tenth of a second" : `every ${seconds(pointMs)}`;
  return html`<section><h2>How it went</h2><div class="charts">
${chart("burn-down", "Coupons left", "as the members were told")}
${chart("throughput", "Answers a second", "stacked by outcome; what was offered and sent as lines")}
${chart("latency", "Latency over time", `percentiles of ${point}, from due to answered`)}
${chart("spectrogram", "Latency of every answer", "the stronger the colour, the more answers")}
${chart("percentiles", "Latency by percentile", "from due to answered; dashed, the service time from sent to answered")}
${chart("histogram", "Answers by latency", "three bars to each doubling")}
${serverTells ? chart("server", "Inside the server", "what waits for the engine, and for the ledger") : ""}
</div></section>`;
}

function chart(id: string, title: string, remark: string): Markup {
  return html`<figure><figcaption><h3>${title}</h3><p>${remark}</p></figcaption><div class="plot" id="${id}"></div></figure>`;
}

function footer({ couponlive }: Report): Markup {
  return html`<footer class="muted small">Made by couponlive ${couponlive}. Charts by uPlot (MIT licence). This page loads nothing from anywhere.</footer>`;
}
