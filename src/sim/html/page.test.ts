/** The HTML report in the system's Chromium: from a file, without a network, light and dark. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { RUSH_SERIES, rushResult } from "../../../test/support/rush.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../../test/support/temp.ts";
import { parseExpectation } from "../expectations.ts";
import { htmlReport } from "./page.ts";

const CHROMIUM =
  Bun.which("chromium") ?? Bun.which("chromium-browser") ?? Bun.which("google-chrome");
if (CHROMIUM === null) {
  console.warn("no Chromium on the PATH: the HTML report is not looked at in a browser");
}

const HOSTILE_NAME = `</script><script>window.stolen = 1</script><img src=x onerror="window.stolen = 2"> & 'x'`;

/** A wrong run, with a name that tries to break out wherever it is shown. */
function hostilePage(): string {
  const { report, ...rest } = rushResult({
    checks: [
      {
        id: "told-once",
        invariant: 2,
        ok: false,
        summary: "violated once",
        counterExamples: [`member <b>${HOSTILE_NAME}</b>`],
      },
    ],
    expectations: [parseExpectation("issued==12000"), parseExpectation("p99(issued)<1ms")],
  });
  const config = { ...report.config, eventName: HOSTILE_NAME };
  return htmlReport({ report: { ...report, config }, ...rest });
}

test("no name becomes markup, and nothing is loaded from elsewhere", () => {
  const page = hostilePage();
  expect(page).not.toContain("<script>window.stolen");
  expect(page).not.toContain("<img");
  expect(page).toContain(
    "&lt;img src=x onerror=&quot;window.stolen = 2&quot;&gt; &amp; &#39;x&#39;",
  );
  expect(page).not.toMatch(/<link|\ssrc="|url\(|@import/);
});

test("a run without a single bucket has a page too", () => {
  expect(htmlReport({ ...rushResult(), series: [] })).toContain("PASS");
});

test("the page of a run of six hours is no larger than one can open", () => {
  const series = Array.from({ length: 6 * 36_000 }, (_, index) => {
    const bucket = RUSH_SERIES[index % RUSH_SERIES.length];
    if (bucket === undefined) throw new Error("no series");
    return { ...bucket, atMs: index * 100 };
  });
  const page = htmlReport({ ...rushResult(), series });
  expect(page.length).toBeLessThan(2_000_000);
  expect(page).toContain("percentiles of every 6.0 s, from due to answered");
});

describe.skipIf(CHROMIUM === null)("in a browser", () => {
  let browser: Browser;
  let directory: TemporaryDirectory;
  let address: string;

  beforeAll(async () => {
    directory = temporaryDirectory();
    const file = join(directory.path, "report.html");
    writeFileSync(file, hostilePage());
    address = pathToFileURL(file).href;
    browser = await chromium.launch({
      ...(CHROMIUM === null ? {} : { executablePath: CHROMIUM }),
      args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ],
    });
  });

  afterAll(async () => {
    await browser.close();
    directory.remove();
  });

  /** Opens the report and hands over what went wrong meanwhile. */
  async function open(
    colorScheme: "light" | "dark",
    width = 1_200,
  ): Promise<{ readonly page: Page; readonly complaints: string[] }> {
    const context = await browser.newContext({
      colorScheme,
      offline: true,
      viewport: { width, height: 900 },
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (request.url() !== address) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(address);
    return { page, complaints };
  }

  /** For each chart, how many different colours its canvas holds. */
  const COLOURS_OF_CHARTS = `Object.fromEntries(
    [...document.querySelectorAll(".plot")].map((place) => {
      const canvas = place.querySelector("canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return [place.id, new Set(new Uint32Array(data.buffer)).size];
    }),
  )`;

  test.each(["light", "dark"] as const)(
    "%s: every chart is drawn, without a complaint",
    async (scheme) => {
      const { page, complaints } = await open(scheme);
      const colours: unknown = await page.evaluate(COLOURS_OF_CHARTS);
      expect(colours).toEqual({
        "burn-down": expect.any(Number),
        throughput: expect.any(Number),
        latency: expect.any(Number),
        spectrogram: expect.any(Number),
        percentiles: expect.any(Number),
        histogram: expect.any(Number),
        server: expect.any(Number),
      });
      // Words, axes and curves with their smoothed edges make dozens of colours; blank is one.
      for (const count of Object.values(Object(colours))) expect(count).toBeGreaterThan(20);
      expect(await page.evaluate("window.stolen")).toBeUndefined();
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  test("dark is dark, and a change of scheme redraws", async () => {
    const { page, complaints } = await open("dark");
    const background = "getComputedStyle(document.body).backgroundColor";
    const first = await page.evaluate(background);
    const drawn = await page.evaluate(COLOURS_OF_CHARTS);
    await page.emulateMedia({ colorScheme: "light" });
    expect(await page.evaluate(background)).not.toBe(first);
    expect(await page.evaluate(COLOURS_OF_CHARTS)).not.toEqual(drawn);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("says the verdict, the checks and what was expected", async () => {
    const { page } = await open("light");
    expect(await page.title()).toStartWith("INCORRECT");
    expect(await page.locator("h1").textContent()).toBe(HOSTILE_NAME);
    expect(await page.locator(".verdict").textContent()).toContain("Violated: told-once.");
    expect(await page.locator(".failed").first().textContent()).toContain("member <b>");
    expect(await page.locator(".failed").last().textContent()).toContain("p99(issued)<1ms");
    await page.context().close();
  });

  test("fits a telephone, and paper", async () => {
    const { page, complaints } = await open("dark", 360);
    const overflow = "document.documentElement.scrollWidth - innerWidth";
    expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
    expect((await page.pdf({ format: "A4" })).length).toBeGreaterThan(10_000);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
