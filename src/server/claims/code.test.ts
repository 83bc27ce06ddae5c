import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { codeForRank } from "./code.ts";

const key = new Uint8Array(32).fill(7);

/** The same definition by arithmetic on one big number, as a second opinion. */
function referenceCode(rank: number): string {
  const hex = createHmac("sha256", key).update(String(rank)).digest("hex").slice(0, 20);
  const digits = BigInt(`0x${hex}`).toString(32).toUpperCase().padStart(16, "0");
  const crockford = [...digits].map(
    (digit) => "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[Number.parseInt(digit, 32)],
  );
  return crockford.join("").replace(/(.{4})(?!$)/g, "$1-");
}

test("a code is the first 80 bits of the rank's HMAC in Crockford's base 32", () => {
  for (const rank of [1, 2, 31, 32, 99_999, 100_000, 10_000_000]) {
    expect(codeForRank(key, rank)).toBe(referenceCode(rank));
  }
});

test("the codes of a full event are unique, and another key gives others", () => {
  const codes = new Set<string>();
  for (let rank = 1; rank <= 100_000; rank++) codes.add(codeForRank(key, rank));
  expect(codes.size).toBe(100_000);
  expect(codes.has(codeForRank(new Uint8Array(32).fill(8), 1))).toBe(false);
});
