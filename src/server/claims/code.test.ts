import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { CODE_LENGTH, type CodeSource, codeForRank } from "./code.ts";

const key = new Uint8Array(32).fill(7);

/** How an event of the defaults makes its codes, with these changes. */
function source(change: Partial<CodeSource> = {}): CodeSource {
  return { codeKey: key, codePrefix: "", codeLength: 16, codesImported: false, ...change };
}

/** The same definition by arithmetic on one big number, as a second opinion. */
function referenceCode(rank: number, length: number): string {
  const digest = createHmac("sha256", key).update(String(rank)).digest("hex");
  const bits = BigInt(`0x${digest}`) >> BigInt(256 - 5 * length);
  const digits = bits.toString(32).toUpperCase().padStart(length, "0");
  const crockford = [...digits].map(
    (digit) => "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[Number.parseInt(digit, 32)],
  );
  return crockford.join("").replace(/(.{4})(?!$)/g, "$1-");
}

test("a code of 16 letters and more is the first bits of the rank's HMAC in Crockford's base 32", () => {
  for (const rank of [1, 2, 31, 32, 99_999, 100_000, 10_000_000]) {
    for (const codeLength of [16, 17, 18, 19, 20, 23, 24]) {
      expect(codeForRank(source({ codeLength }), rank)).toBe(referenceCode(rank, codeLength));
    }
  }
});

test("the codes of a full event are unique, also the shortest ones, and another key gives others", () => {
  for (const codeLength of [CODE_LENGTH.min, 16]) {
    const codes = new Set<string>();
    for (let rank = 1; rank <= 100_000; rank++)
      codes.add(codeForRank(source({ codeLength }), rank));
    expect(codes.size).toBe(100_000);
    const other = source({ codeLength, codeKey: new Uint8Array(32).fill(8) });
    expect(codes.has(codeForRank(other, 1))).toBe(false);
  }
});

test("a code has the prefix, its letters in groups of four, and its own rank", () => {
  const length = fc.integer({ min: CODE_LENGTH.min, max: CODE_LENGTH.max });
  const rank = fc.integer({ min: 1, max: 20_000_000 });
  fc.assert(
    fc.property(length, rank, rank, (codeLength, one, other) => {
      const code = codeForRank(source({ codeLength, codePrefix: "SUMMER" }), one);
      expect(code).toMatch(/^SUMMER(-[0-9A-HJKMNP-TV-Z]{4})+(-[0-9A-HJKMNP-TV-Z]{1,3})?$/);
      expect(code.replaceAll("-", "")).toHaveLength("SUMMER".length + codeLength);
      const isSame = code === codeForRank(source({ codeLength, codePrefix: "SUMMER" }), other);
      expect(isSame).toBe(one === other);
    }),
  );
});

test("short codes fill their letters: each position takes every letter", () => {
  const lettersAt = Array.from({ length: 8 }, () => new Set<string>());
  for (let rank = 1; rank <= 2_000; rank++) {
    const letters = codeForRank(source({ codeLength: 8 }), rank).replace("-", "");
    for (const [position, letter] of [...letters].entries()) lettersAt[position]?.add(letter);
  }
  expect(lettersAt.map((letters) => letters.size)).toEqual(Array.from({ length: 8 }, () => 32));
});

test("imported codes are given as they are, and never replaced by generated ones", () => {
  const imported = source({ codesImported: true, codePrefix: "X", importedCodes: ["one", "two"] });
  expect([1, 2].map((rank) => codeForRank(imported, rank))).toEqual(["one", "two"]);
  expect(() => codeForRank(imported, 3)).toThrow("none for rank 3");
  expect(() => codeForRank(source({ codesImported: true }), 1)).toThrow("none for rank 1");
});
