/** What only a real socket shows: the page in a browser, and what Bun answers before our code. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Browser, chromium } from "playwright-core";
import { MAX_BODY_BYTES, MAX_CODES_BODY_BYTES } from "../../src/server/http/body.ts";
import { expectProblem } from "../support/app.ts";
import { bearer, TestServer } from "../support/server.ts";

const CHROMIUM =
  Bun.which("chromium") ?? Bun.which("chromium-browser") ?? Bun.which("google-chrome");
if (CHROMIUM === null) {
  console.warn("no Chromium on the PATH: /docs is not looked at in a browser");
}

/** A page of another origin than the server's. */
const shop = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: () =>
    new Response("<title>shop</title><link rel=icon href=data:,>", {
      headers: { "content-type": "text/html" },
    }),
});
const SHOP_ORIGIN = `http://127.0.0.1:${shop.port}`;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.create(["--cors-origin", SHOP_ORIGIN]);
  await server.start();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await shop.stop(true);
});

/** Sends these bytes and returns what comes back until the server hangs up. */
async function exchange(request: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const closed = Promise.withResolvers<void>();
  let answer = "";
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_, bytes) => {
        answer += bytes.toString();
      },
      close: () => closed.resolve(),
      error: (_, error) => closed.reject(error),
    },
  });
  socket.write(request);
  await closed.promise;
  return answer;
}

describe("what Bun answers itself, without a body, is as the reference says", () => {
  const head = (line: string, ...more: string[]) =>
    `${[line, "Host: x", ...more].join("\r\n")}\r\n\r\n`;
  test.each([
    ["400, not HTTP", "hello\r\n\r\n", 400],
    [
      "400, two lengths",
      head("POST / HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked"),
      400,
    ],
    [
      "413, a body beyond any limit",
      head("POST /v1/auth/login HTTP/1.1", `Content-Length: ${MAX_CODES_BODY_BYTES + 1}`),
      413,
    ],
    ["431, a long head", head("GET /healthz HTTP/1.1", `X-Long: ${"x".repeat(20_000)}`), 431],
    ["505, another HTTP", head("GET /healthz HTTP/3.1"), 505],
  ])("%s", async (_, request, status) => {
    const answer = await exchange(request);
    expect(answer).toStartWith(`HTTP/1.1 ${status} `);
    expect(answer).toEndWith("\r\n\r\n");
  });
});

test("a method that HTTP does not know is not answered", async () => {
  expect(await exchange("BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n")).toBe("");
});

test("a body of more than we read is answered before it has come", async () => {
  const length = `Content-Length: ${MAX_BODY_BYTES + 1}`;
  const lines = ["POST /v1/auth/login HTTP/1.1", "Host: x", "Connection: close", length];
  const answer = await exchange(`${lines.join("\r\n")}\r\n\r\n`);
  expect(answer).toStartWith("HTTP/1.1 413 ");
  expect(answer).toContain('"code":"too_large"');
});

test("HEAD tells the length of GET over a socket, and sends no body", async () => {
  for (const path of ["/healthz", "/docs", "/docs/swagger-ui.css", "/openapi.json"]) {
    const { byteLength } = await (await fetch(server.url + path)).arrayBuffer();
    const answer = await exchange(`HEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toStartWith("HTTP/1.1 200 ");
    expect(answer.toLowerCase()).toContain(`content-length: ${byteLength}\r\n`);
    expect(answer).toEndWith("\r\n\r\n");
  }
});

test("a wrong method is answered over a socket as documented", async () => {
  const options = { method: "DELETE", headers: bearer("alice") };
  const answer = await fetch(`${server.url}/v1/events/launch/claims`, options);
  expect(answer.headers.get("allow")).toBe("POST");
  await expectProblem(answer, "method_not_allowed");
});

describe.skipIf(CHROMIUM === null)("in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      ...(CHROMIUM === null ? {} : { executablePath: CHROMIUM }),
      args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ],
    });
  });
  afterAll(() => browser.close());

  test("/docs draws every call, without a complaint, and asks nobody but the server", async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${server.url}/`) && !url.startsWith("data:")) {
        complaints.push(`asked for ${url}`);
      }
    });
    await page.goto(`${server.url}/docs`);
    await page.locator(".opblock").first().waitFor();
    const { paths } = Object(await (await fetch(`${server.url}/openapi.json`)).json());
    const calls = Object.values(Object(paths)).flatMap((path) => Object.keys(Object(path)));
    expect(await page.locator(".opblock").count()).toBe(calls.length);

    const claim = page.locator("#operations-Claims-claimCoupon");
    await claim.locator(".opblock-summary-control").click();
    await claim.locator(".responses-table").first().waitFor();
    expect(await claim.textContent()).toContain("not_open");
    expect(complaints).toEqual([]);
  });

  test("a page of an origin that is named may claim, and one of another may not", async () => {
    await server.openEvent({ id: "sale", name: "Sale" });
    await server.firstClaim("sale", "somebody");
    const claim = `fetch("${server.url}/v1/events/sale/claims", {
      method: "POST",
      headers: ${JSON.stringify(bearer("alice"))},
    }).then(({ status }) => status, (error) => error.name)`;
    const page = await browser.newPage();
    await page.goto(SHOP_ORIGIN);
    expect(await page.evaluate(claim)).toBe(201);
    await page.goto(SHOP_ORIGIN.replace("127.0.0.1", "localhost"));
    expect(await page.evaluate(claim)).toBe("TypeError");
  });
});
