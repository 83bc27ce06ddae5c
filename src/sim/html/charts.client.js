/*
 * Draws the report's charts. It runs in the reader's browser: uPlot stands before it in the page,
 * and its data in the element #chart-data (ChartData in chart-data.ts).
 */
/* global uPlot */
(() => {
  const data = JSON.parse(document.getElementById("chart-data").textContent);
  const GROUP = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const HEIGHT = 240;
  /** On paper the page is as wide as this many pixels, in two columns with margins. */
  const PAPER = { column: 318, row: 670 };
  const charts = [];

  /** A colour of the style sheet, which knows light, dark and print. */
  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  const compact = (value) =>
    value >= 1e6
      ? `${trim(value / 1e6)}M`
      : value >= 1e4
        ? `${trim(value / 1e3)}k`
        : GROUP.format(value);
  const trim = (value) => String(Number(value.toFixed(1)));
  const ms = (value) =>
    value >= 1000 ? `${trim(value / 1000)} s` : `${Number(value.toPrecision(2))} ms`;
  const orDash = (format) => (_plot, value) => (value == null ? "" : format(value));

  function axis(format, extra = {}) {
    return {
      stroke: colour("muted"),
      font: "11px system-ui, sans-serif",
      grid: { stroke: colour("hairline"), width: 1 },
      ticks: { show: false },
      gap: 6,
      values: (_plot, splits) => splits.map((value) => (value == null ? "" : format(value))),
      ...extra,
    };
  }

  const secondsAxis = () => axis((value) => `${value} s`, { space: 60, size: 30 });
  const countAxis = () => axis(compact, { size: 48 });
  /** Every power of ten, and 2 and 5 between where there is room. */
  const logAxis = (format) =>
    axis(format, {
      size: 56,
      filter: (_plot, splits) => splits.map((value) => (isRound(value, [1, 2, 5]) ? value : null)),
      grid: {
        stroke: colour("hairline"),
        width: 1,
        filter: (_plot, splits) => splits.map((value) => (isRound(value, [1]) ? value : null)),
      },
    });
  const isRound = (value, digits) => {
    const digit = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
    return digits.some((wanted) => Math.abs(digit - wanted) < 1e-6);
  };

  const secondsSeries = () => ({
    label: "after",
    value: orDash((value) => `${value.toFixed(1)} s`),
  });
  const line = (label, stroke, format, extra = {}) => ({
    label,
    stroke: colour(stroke),
    width: 1.5,
    points: { show: false },
    value: orDash(format),
    ...extra,
  });

  function plot(id, build) {
    const place = document.getElementById(id);
    if (place === null) return;
    charts.push({ place, build, drawn: undefined });
  }

  function options(extra) {
    return {
      height: HEIGHT,
      legend: { live: true },
      cursor: { points: { size: 6 }, drag: { x: true, y: false } },
      padding: [12, 16, 0, 0],
      ...extra,
    };
  }

  /** A vertical line and its words, where the last coupon went. */
  function soldOutMark() {
    if (data.soldOutAfterSeconds === null) return [];
    const draw = (u) => {
      const { ctx, bbox } = u;
      const x = u.valToPos(data.soldOutAfterSeconds, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) return;
      const ratio = devicePixelRatio;
      ctx.save();
      ctx.strokeStyle = colour("mark");
      ctx.fillStyle = colour("mark");
      ctx.lineWidth = ratio;
      ctx.setLineDash([3 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.font = `600 ${11 * ratio}px system-ui, sans-serif`;
      const words = `sold out ${data.soldOutAfterSeconds.toFixed(1)} s`;
      const fits = x + ctx.measureText(words).width + 8 * ratio < bbox.left + bbox.width;
      ctx.textAlign = fits ? "left" : "right";
      ctx.fillText(words, x + (fits ? 6 : -6) * ratio, bbox.top + 12 * ratio);
      ctx.restore();
    };
    return [{ hooks: { draw: [draw] } }];
  }

  plot("burn-down", () => ({
    options: options({
      scales: { x: { time: false }, y: { range: [0, Math.max(1, ...data.remaining)] } },
      axes: [secondsAxis(), countAxis()],
      series: [
        secondsSeries(),
        line("coupons left", "issued", (value) => GROUP.format(value), {
          width: 2,
          fill: colour("issued-wash"),
        }),
      ],
      plugins: soldOutMark(),
    }),
    columns: [data.seconds, data.remaining],
  }));

  // Stacked: each area reaches from zero to the sum of its own and all before it, the highest
  // drawn first. The legend tells the outcome's own figure.
  plot("throughput", () => {
    const sums = [];
    for (const { values } of data.answers) {
      const below = sums.at(-1);
      sums.push(values.map((value, index) => value + (below?.[index] ?? 0)));
    }
    const areas = data.answers
      .map(({ outcome, name, values }, index) => ({
        column: sums[index],
        series: line(name, outcome, compact, {
          width: 0,
          fill: colour(outcome),
          value: (_plot, _value, _series, at) => (at == null ? "" : `${compact(values[at])}/s`),
        }),
      }))
      .reverse();
    return {
      options: options({
        scales: { x: { time: false }, y: { range: (_u, _min, max) => [0, max * 1.08 || 1] } },
        axes: [secondsAxis(), countAxis()],
        series: [
          secondsSeries(),
          ...areas.map((area) => area.series),
          line("sent", "sent", (value) => `${compact(value)}/s`),
          line("offered", "offered", (value) => `${compact(value)}/s`, { dash: [4, 3] }),
        ],
      }),
      columns: [data.seconds, ...areas.map((area) => area.column), data.sent, data.offered],
    };
  });

  plot("latency", () => ({
    options: options({
      scales: { x: { time: false }, y: { distr: 3 } },
      axes: [secondsAxis(), logAxis(ms)],
      series: [
        secondsSeries(),
        line("max", "latency-max", ms, { width: 1 }),
        line("p99", "latency-p99", ms),
        line("p90", "latency-p90", ms),
        line("p50", "latency-p50", ms, { width: 2 }),
      ],
      plugins: soldOutMark(),
    }),
    columns: [
      data.seconds,
      ...["max", "p99", "p90", "p50"].map((name) => data.latencyMs[name].map(positive)),
    ],
  }));

  /** A logarithmic scale has no zero. */
  function positive(value) {
    return value === null ? null : Math.max(0.01, value);
  }

  plot("percentiles", () => {
    const percent = (inverse) => `${Number((100 - 100 / inverse).toPrecision(8))} %`;
    return {
      options: options({
        padding: [12, 32, 0, 0],
        scales: { x: { time: false, distr: 3 }, y: { distr: 3 } },
        axes: [
          axis(percent, {
            space: 50,
            size: 30,
            splits: (u) =>
              [2, 10, 100, 1e3, 1e4, 1e5, 1e6].filter(
                (value) => value >= u.scales.x.min && value <= u.scales.x.max,
              ),
          }),
          logAxis(ms),
        ],
        series: [
          { label: "percentile", value: orDash(percent) },
          ...data.percentiles.response.map(({ outcome, name }) =>
            line(name, `${outcome}-line`, ms, { width: 2 }),
          ),
          ...data.percentiles.service.map(({ outcome, name }) =>
            line(`${name}, service time`, `${outcome}-line`, ms, { dash: [4, 3] }),
          ),
        ],
      }),
      columns: [
        data.percentiles.x,
        ...[...data.percentiles.response, ...data.percentiles.service].map(({ values }) =>
          values.map((value) => (value === null ? null : positive(value))),
        ),
      ],
    };
  });

  const boundOf = (row) => data.spectrogram.boundsMs[row];

  plot("histogram", () => {
    const label = (row) => {
      const bound = boundOf(Math.round(row));
      return bound === undefined ? "more" : `≤ ${ms(bound)}`;
    };
    return {
      options: options({
        padding: [12, 24, 0, 0],
        scales: {
          x: { time: false, range: [-0.7, data.histogram.length - 0.3] },
          y: { range: (_u, _min, max) => [0, max * 1.05 || 1] },
        },
        axes: [
          axis(label, { space: 70, size: 30, incrs: [1, 2, 3, 5, 6, 10], grid: { show: false } }),
          countAxis(),
        ],
        series: [
          { label: "latency", value: orDash(label) },
          line("answers", "histogram", (value) => GROUP.format(value), {
            width: 0,
            fill: colour("histogram"),
            paths: uPlot.paths.bars({ size: [0.86, 60], radius: 0.08 }),
          }),
        ],
      }),
      columns: [data.histogram.map((_count, row) => row), data.histogram],
    };
  });

  plot("server", () => {
    const told = [
      ["claims in the queue", "queue", data.queueDepth],
      ["issuances not yet in the ledger", "backlog", data.writerBacklog],
    ].filter(([, , column]) => column !== undefined);
    return {
      options: options({
        scales: { x: { time: false }, y: { range: (_u, _min, max) => [0, max * 1.08 || 1] } },
        axes: [secondsAxis(), countAxis()],
        series: [
          secondsSeries(),
          ...told.map(([label, stroke]) => line(label, stroke, (value) => GROUP.format(value))),
        ],
        plugins: soldOutMark(),
      }),
      columns: [data.seconds, ...told.map(([, , column]) => column)],
    };
  });

  /** Rows are latencies, columns are time: the darker, the more answers. */
  function drawSpectrogram(place, width) {
    const { columns, boundsMs } = data.spectrogram;
    const rows = Math.max(1, columns[0]?.length ?? 1);
    const ratio = devicePixelRatio;
    const [left, right, top, bottom] = [56, 12, 12, 26];
    const canvas = document.createElement("canvas");
    canvas.width = width * ratio;
    canvas.height = HEIGHT * ratio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${HEIGHT}px`;
    place.replaceChildren(canvas);
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    const [w, h] = [width - left - right, HEIGHT - top - bottom];
    const most = Math.log1p(Math.max(1, ...columns.map((column) => Math.max(...column))));
    const fill = colour("spectrogram");
    columns.forEach((column, index) => {
      const x = left + (index * w) / columns.length;
      column.forEach((count, row) => {
        if (count === 0) return;
        ctx.globalAlpha = 0.08 + 0.92 * (Math.log1p(count) / most);
        ctx.fillStyle = fill;
        const y = top + h - ((row + 1) * h) / rows;
        // A little more than its cell, so that no seam shows between neighbours.
        ctx.fillRect(x, y, w / columns.length + 0.4, h / rows + 0.4);
      });
    });
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour("muted");
    ctx.font = "11px system-ui, sans-serif";
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    const everyRows = Math.max(1, Math.ceil(rows / 8));
    for (let row = 0; row < boundsMs.length; row += everyRows) {
      ctx.fillText(ms(boundsMs[row]), left - 8, top + h - ((row + 1) * h) / rows);
    }
    ctx.textAlign = "center";
    ctx.textBaseline = "alphabetic";
    const total = data.seconds.at(-1) ?? 0;
    const step = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600].find(
      (each) => (each / total) * w >= 60,
    );
    for (let at = 0; at <= total; at += step ?? total) {
      ctx.fillText(`${at} s`, left + (at / total) * w, HEIGHT - 8);
    }
  }

  /** A canvas has to know its width before it is laid out on paper. */
  function widthOf(place, isPaper) {
    if (!isPaper) return place.clientWidth;
    const hasOwnRow = place.parentElement.matches(":first-child:nth-last-child(odd)");
    return hasOwnRow ? PAPER.row : PAPER.column;
  }

  function draw(isPaper = false) {
    for (const chart of charts) {
      const width = widthOf(chart.place, isPaper);
      chart.drawn?.destroy();
      const { options: built, columns } = chart.build();
      chart.drawn = new uPlot({ ...built, width }, columns, chart.place);
    }
    const spectrogram = document.getElementById("spectrogram");
    if (spectrogram !== null) drawSpectrogram(spectrogram, widthOf(spectrogram, isPaper));
  }

  let waiting;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => draw());
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  // Paper is white: canvases are drawn again in the light colours, at the width of a column.
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("paper");
    draw(true);
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("paper");
    draw();
  });
  draw();
})();
