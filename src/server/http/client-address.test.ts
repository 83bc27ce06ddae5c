import { expect, test } from "bun:test";
import { readAddressRanges } from "../../address-ranges.ts";
import { createClientAddress } from "./client-address.ts";

/** The address of a request from this peer with this X-Forwarded-For. */
function addressOf(peer: string | undefined, forwarded?: string, trusted = "10.0.0.0/8,fd00::/8") {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  const request = new Request("http://localhost/", { headers });
  const ignored = () => undefined;
  return createClientAddress(() => peer, readAddressRanges(trusted), ignored)(request);
}

test.each([
  ["192.0.2.1", undefined, "192.0.2.1"],
  ["::ffff:192.0.2.1", undefined, "192.0.2.1"],
  ["2001:DB8::1:2:3:4", undefined, "2001:db8:0:0"],
  ["2001:db8:a:b:c::", undefined, "2001:db8:a:b"],
  ["fe80::1%eth0", undefined, "fe80:0:0:0"],
  [undefined, "198.51.100.1", "unknown"],
  ["192.0.2.1", "198.51.100.1", "192.0.2.1"],
  ["10.0.0.1", "198.51.100.1", "198.51.100.1"],
  ["::ffff:10.0.0.1", "198.51.100.1:4711", "198.51.100.1"],
  ["fd00::1", "[2001:db8::1]:4711", "2001:db8:0:0"],
  ["10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.2 ,10.0.0.3", "198.51.100.1"],
  ["10.0.0.1", "203.0.113.9, nonsense, 10.0.0.2", "10.0.0.2"],
  ["10.0.0.1", "", "10.0.0.1"],
  ["10.0.0.1", "10.0.0.7", "10.0.0.7"],
])("%p with %p is %p", (peer, forwarded, address) => {
  expect(addressOf(peer, forwarded)).toBe(address);
});

test("a header that nobody was named for is told of once", () => {
  const withHeader = () =>
    new Request("http://localhost/", { headers: { "x-forwarded-for": "x" } });
  for (const [trusted, expected] of [
    [undefined, 1],
    [readAddressRanges("10.0.0.0/8"), 0],
  ] as const) {
    let told = 0;
    const addressOfRequest = createClientAddress(
      () => "192.0.2.1",
      trusted,
      () => told++,
    );
    addressOfRequest(new Request("http://localhost/"));
    expect(told).toBe(0);
    for (let n = 0; n < 3; n++) expect(addressOfRequest(withHeader())).toBe("192.0.2.1");
    expect(told).toBe(expected);
  }
});

test("ranges that are none are not read", () => {
  for (const text of [
    "",
    "10.0.0.0/33",
    "10.0.0",
    "10.0.0.0/8,",
    "host",
    "::/129",
    "10.0.0.0/-1",
  ]) {
    expect(readAddressRanges(text)).toBeUndefined();
  }
});
