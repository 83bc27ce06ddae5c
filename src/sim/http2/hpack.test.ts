import { describe, expect, test } from "bun:test";
import { DEFAULT_TABLE_BYTES, HpackDecoder, HpackError } from "./hpack-decoder.ts";
import { encodeInteger, indexedField, literalField, secretField } from "./hpack-encoder.ts";
import { decodeHuffman } from "./hpack-huffman.ts";
import { STATIC_TABLE } from "./hpack-static-table.ts";

type Line = `${string}: ${string}`;

/** Decodes the blocks, one after another, with one decoder; each as lines «name: value». */
function decode(blocks: readonly string[], maxTableBytes = DEFAULT_TABLE_BYTES): Line[][] {
  let lines: Line[] = [];
  const decoder = new HpackDecoder((name, value) => lines.push(`${name}: ${value}`), maxTableBytes);
  return blocks.map((hex) => {
    lines = [];
    decoder.decode(Buffer.from(hex.replaceAll(" ", ""), "hex"));
    return lines;
  });
}

const FIRST: Line[] = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"];
const REQUESTS: Line[][] = [
  FIRST,
  [...FIRST, "cache-control: no-cache"],
  [
    ":method: GET",
    ":scheme: https",
    ":path: /index.html",
    ":authority: www.example.com",
    "custom-key: custom-value",
  ],
];

function response(status: number, seconds: number): Line[] {
  return [
    `:status: ${status}`,
    "cache-control: private",
    `date: Mon, 21 Oct 2013 20:13:${seconds} GMT`,
    "location: https://www.example.com",
  ];
}
const RESPONSES: Line[][] = [
  response(302, 21),
  response(307, 21),
  [
    ...response(200, 22),
    "content-encoding: gzip",
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  ],
];

describe("the examples of RFC 7541, appendix C", () => {
  test("integers (C.1)", () => {
    const fiveBits = { pattern: 0, prefixBits: 5 };
    expect(encodeInteger(10, fiveBits)).toEqual([10]);
    expect(encodeInteger(1337, fiveBits)).toEqual([31, 154, 10]);
    expect(encodeInteger(42, { pattern: 0, prefixBits: 8 })).toEqual([42]);
  });

  const table: [name: string, blocks: string[], expected: Line[][], tableBytes: number][] = [
    [
      "C.2.1, literal with indexing",
      ["400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"],
      [["custom-key: custom-header"]],
      DEFAULT_TABLE_BYTES,
    ],
    [
      "C.2.2, literal without indexing",
      ["040c 2f73 616d 706c 652f 7061 7468"],
      [[":path: /sample/path"]],
      DEFAULT_TABLE_BYTES,
    ],
    [
      "C.2.3, never indexed",
      ["1008 7061 7373 776f 7264 0673 6563 7265 74"],
      [["password: secret"]],
      DEFAULT_TABLE_BYTES,
    ],
    ["C.2.4, indexed", ["82"], [[":method: GET"]], DEFAULT_TABLE_BYTES],
    [
      "C.3, requests",
      [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ],
      REQUESTS,
      DEFAULT_TABLE_BYTES,
    ],
    [
      "C.4, requests with the Huffman code",
      [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ],
      REQUESTS,
      DEFAULT_TABLE_BYTES,
    ],
    [
      "C.5, responses, with eviction",
      [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
      ],
      RESPONSES,
      256,
    ],
    [
      "C.6, responses with the Huffman code, with eviction",
      [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
      ],
      RESPONSES,
      256,
    ],
  ];
  test.each(table)("%s", (_name, blocks, expected, tableBytes) => {
    expect(decode(blocks, tableBytes)).toEqual(expected);
  });
});

describe("the Huffman code", () => {
  test("has a code for every byte: RFC 7541's longest, shortest and last ones", () => {
    // The codes of LF (30 bits) and 249 (28), then padding; a; 255 (26).
    expect(decodeHuffman(Buffer.from("fffffff3ffffffbf", "hex"), 0, 8)).toBe("\n\u00f9");
    expect(decodeHuffman(Buffer.from("1f", "hex"), 0, 1)).toBe("a");
    expect(decodeHuffman(Buffer.from("fffffbbf", "hex"), 0, 4)).toBe("\u00ff");
  });

  test.each([
    ["EOS", "ffffffff"],
    ["padding of a whole byte", "1fff"],
    ["padding with zeros", "18"],
  ])("refuses %s", (_name, hex) => {
    const bytes = Buffer.from(hex, "hex");
    expect(decodeHuffman(bytes, 0, bytes.length)).toBeUndefined();
  });
});

describe("the dynamic table", () => {
  const indexed = "400161 0162";
  test("shrinks and grows again as told", () => {
    expect(decode([`${indexed} be`, "20 82", "3fe11f 4001630164 be"])).toEqual([
      ["a: b", "a: b"],
      [":method: GET"],
      ["c: d", "c: d"],
    ]);
    expect(() => decode([indexed, "20 be"])).toThrow(HpackError);
  });

  test("forgets everything for an entry that is larger than itself", () => {
    expect(() => decode([indexed, "40 0161 0a 30313233343536373839", "be"], 40)).toThrow(
      HpackError,
    );
    expect(decode([indexed, "40 0161 0a 30313233343536373839"], 40)).toHaveLength(2);
  });

  test.each([
    ["a size above the limit", "3fe21f"],
    ["a size update after a field", "82 20"],
    ["index 0", "80"],
    ["an index beyond the tables", "be"],
    ["an integer without end", "ffffffffffffffffff"],
    ["a string that is cut off", "040c 2f73"],
    ["a field that is cut off", "40"],
  ])("refuses %s", (_name, block) => {
    expect(() => decode([block])).toThrow(HpackError);
  });
});

test("what the encoder writes is read back, and a secret is marked as such", () => {
  const long = "x".repeat(300);
  const block = Buffer.concat([
    indexedField(":method", "POST"),
    literalField(":path", "/v1/é"),
    secretField("authorization", long),
  ]);
  expect(decode([block.toString("hex")])).toEqual([
    [":method: POST", ":path: /v1/é", `authorization: ${long}`],
  ]);
  expect(secretField("authorization", "x")[0]).toBe(0x1f);
  expect(STATIC_TABLE).toHaveLength(61);
  expect(STATIC_TABLE[60]?.name).toBe("www-authenticate");
});
