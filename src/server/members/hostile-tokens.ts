/**
 * Arbitraries of tokens for the verifier's property test: valid ones, and ones that are wrong in
 * one or two places. Almost all carry a right signature over the characters that are sent, so that
 * what is judged is the place that is wrong.
 */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { type TokenKey, type TokenKeys, tokenHeader } from "./tokens.ts";

/** One member of a JSON object: its name, and its value as JSON text, so that any text can stand there. */
type Member = readonly [name: string, json: string];

type Edit = (members: readonly Member[]) => readonly Member[];

function jsonObject(members: readonly Member[]): string {
  return `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`;
}

function membersOf(object: object): Member[] {
  return Object.entries(object).map(([name, value]) => [name, JSON.stringify(value)]);
}

/** Removes a member, replaces it, or states it twice with the new value last or first. */
function arbitraryEdit(member: fc.Arbitrary<Member>): fc.Arbitrary<Edit> {
  return fc
    .tuple(member, fc.constantFrom("remove", "replace", "append", "prepend"))
    .map(([edited, how]) => (members) => {
      const others = members.filter(([name]) => name !== edited[0]);
      switch (how) {
        case "remove":
          return others;
        case "replace":
          return [edited, ...others];
        case "append":
          return [...members, edited];
        default:
          return [edited, ...members];
      }
    });
}

/** Mostly the object as it is or with one change; sometimes with its members in another order. */
function arbitraryObject(
  members: readonly Member[],
  member: fc.Arbitrary<Member>,
): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(arbitraryEdit(member), { maxLength: 2 }), fc.boolean())
    .map(([edits, reversed]) => {
      const edited = edits.reduce((current, edit) => edit(current), members);
      return jsonObject(reversed ? [...edited].reverse() : edited);
    });
}

function memberFrom(values: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<Member> {
  const wrongTypes = ["null", "true", "0", '""', "[]", "{}", '"text"'];
  return fc.oneof(
    ...Object.entries(values).map(([name, own]) =>
      fc.constantFrom(...own, ...wrongTypes).map((json): Member => [name, json]),
    ),
  );
}

function headerMember(keys: TokenKeys): fc.Arbitrary<Member> {
  const algorithms = ["HS256", "none", "None", "hs256", "HS384", "HS512", "RS256", "ES256"];
  const kids = [...keys.accepted.map((key) => key.kid), "0123456789abcdef"];
  return memberFrom({
    alg: [...algorithms.map((name) => JSON.stringify(name)), '["HS256"]'],
    typ: ['"jwt"', '"at+jwt"'],
    kid: [...kids.map((kid) => JSON.stringify(kid)), JSON.stringify(kids.slice(0, 1))],
    crit: ['["b64"]', '["b64","b64"]', '["exp"]', '["b64","exp"]', '["__proto__"]', "[1]"],
    b64: ["true", "false"],
    exp: ["1"],
    jwk: ['{"kty":"oct","k":"AA"}'],
    ["__proto__"]: ['{"alg":"HS256"}', '{"crit":["x"]}'],
  });
}

function claimMember(keys: TokenKeys, nowSeconds: number): fc.Arbitrary<Member> {
  const times = [-3_600, -1, -0.5, 0, 0.5, 1, 3_600].map((offset) => `${nowSeconds + offset}`);
  const numbers = [
    ...times,
    `"${nowSeconds + 60}"`,
    "-1",
    "-0",
    "1e10",
    "1e300",
    "1e999",
    "-1e999",
  ];
  const issuer = JSON.stringify(keys.issuer);
  const audience = JSON.stringify(keys.audience);
  return memberFrom({
    iss: [issuer, `[${issuer}]`, issuer.toUpperCase(), '"couponlive "'],
    aud: [
      audience,
      `[${audience}]`,
      `["x",${audience}]`,
      '["x"]',
      `[[${audience}]]`,
      `[1,${audience}]`,
    ],
    exp: numbers,
    nbf: numbers,
    iat: numbers,
    sub: [
      '"회원-1"',
      '"🙂"',
      '"\\ud83d"',
      '"\\udc00x"',
      '"a\\u0000b"',
      '"a\\nb"',
      '"\\u007f"',
      '"\\u0085"',
      '" "',
      `"${"x".repeat(128)}"`,
      `"${"x".repeat(129)}"`,
      `"${"🙂".repeat(65)}"`,
    ],
    role: ['"member"', '"admin"', '"ADMIN"', '"owner"', '["admin"]'],
    ["__proto__"]: ['{"role":"admin"}', '{"exp":9999999999}'],
    ["constructor"]: ["null"],
  });
}

/** JSON text to bytes, now and then not quite: BOM, bad UTF-8, spaces, another shape around it. */
function arbitraryBytes(json: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const wraps: readonly ((text: string) => Buffer)[] = [
    (text) => Buffer.from(`\ufeff${text}`),
    (text) => Buffer.from(`\ufeff\ufeff${text}`),
    (text) => Buffer.from(` \n${text}\t`),
    (text) => Buffer.from(`\u00a0${text}`),
    (text) => Buffer.from(`${text}x`),
    (text) => Buffer.from(`[${text}]`),
    (text) => Buffer.from(`{"a":${"[".repeat(300)}${"]".repeat(300)},${text.slice(1)}`),
    () => Buffer.from(`${"[".repeat(1_500)}${"]".repeat(1_500)}`),
    (text) => Buffer.from(`{"x":"\ud800",${text.slice(1)}`, "utf16le"),
    (text) => Buffer.from(JSON.stringify(text)),
    (text) => Buffer.from(text.replace("{", '{"x":"é",'), "latin1"),
    (text) =>
      Buffer.concat([
        Buffer.from('{"x":"'),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from(`",${text.slice(1)}`),
      ]),
    (text) => Buffer.concat([Buffer.from(text), Buffer.from([0xff])]),
    () => Buffer.from("null"),
    () => Buffer.alloc(0),
  ];
  return fc.oneof(
    { weight: 8, arbitrary: json.map((text) => Buffer.from(text)) },
    {
      weight: 1,
      arbitrary: fc.tuple(json, fc.constantFrom(...wraps)).map(([text, wrap]) => wrap(text)),
    },
  );
}

/** Sets the unused low bits of a final partial group, which decoders differ on. */
function withTrailingBits(segment: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  if (segment.length % 4 < 2) return segment;
  const last = alphabet.indexOf(segment.slice(-1));
  return `${segment.slice(0, -1)}${alphabet.charAt(last | 1)}`;
}

/** Bytes as a segment, mostly in canonical base64url, else in one of its corruptions. */
const arbitrarySpelling: fc.Arbitrary<(bytes: Buffer) => string> = fc.oneof(
  { weight: 12, arbitrary: fc.constant((bytes: Buffer) => bytes.toString("base64url")) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<((segment: string) => string)[]>(
        (segment) => segment.padEnd(Math.ceil(segment.length / 4) * 4, "="),
        (segment) => `${segment}=`,
        (segment) => `${segment}====`,
        (segment) => ` ${segment}`,
        (segment) => `${segment.slice(0, 7)}\n\t\r\f ${segment.slice(7)}`,
        (segment) => `${segment}\u00a0`,
        (segment) => `${segment}\v`,
        (segment) => `${segment}\u0000`,
        (segment) => segment.replaceAll("-", "+").replaceAll("_", "/"),
        (segment) => `${segment}+/`,
        (segment) => `${segment}é`,
        (segment) => `${segment}\ud800`,
        withTrailingBits,
        (segment) => `${segment}A`,
        (segment) => segment.slice(0, -1),
        (segment) => segment.slice(1),
        () => "",
      )
      .map((corrupt) => (bytes: Buffer) => corrupt(bytes.toString("base64url"))),
  },
);

/** Mostly HMAC-SHA-256 by an accepted key, which need not be the one that the header names. */
function arbitrarySigner(keys: TokenKeys): fc.Arbitrary<(input: string) => Buffer> {
  const hmac = (hash: string, secret: Uint8Array) => (input: string) =>
    createHmac(hash, secret).update(input).digest();
  const right = keys.accepted.map((key) => hmac("sha256", key.secret));
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...right) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        hmac("sha256", Buffer.from("a key that nobody accepts, long enough")),
        hmac("sha384", keys.current.secret),
        hmac("sha512", keys.current.secret),
        (input: string) => hmac("sha256", keys.current.secret)(input).subarray(0, 31),
        (input: string) =>
          Buffer.concat([hmac("sha256", keys.current.secret)(input), Buffer.alloc(1)]),
        () => Buffer.alloc(32),
        () => Buffer.alloc(0),
      ),
    },
  );
}

/** Whole tokens, built from a header and claims that are right save for up to two changes each. */
export function arbitraryToken(keys: TokenKeys, nowSeconds: number): fc.Arbitrary<string> {
  const claims = {
    iss: keys.issuer,
    aud: keys.audience,
    sub: "member-0000001",
    role: "member",
    iat: nowSeconds,
    exp: nowSeconds + 60,
  };
  const ownHeader = (key: TokenKey) => JSON.stringify(tokenHeader(key));
  const header = fc.oneof(
    fc.constant(ownHeader(keys.current)),
    arbitraryObject(membersOf(tokenHeader(keys.current)), headerMember(keys)),
  );
  return fc
    .record({
      header: arbitraryBytes(header),
      payload: arbitraryBytes(arbitraryObject(membersOf(claims), claimMember(keys, nowSeconds))),
      sign: arbitrarySigner(keys),
      spellings: fc.tuple(arbitrarySpelling, arbitrarySpelling, arbitrarySpelling),
    })
    .map(({ header, payload, sign, spellings: [spellHeader, spellPayload, spellSignature] }) => {
      const input = `${spellHeader(header)}.${spellPayload(payload)}`;
      return `${input}.${spellSignature(sign(input))}`;
    });
}

/** The token with one character replaced, removed or put in, or with other segments. */
export function arbitraryMutation(token: string): fc.Arbitrary<string> {
  const character = fc.oneof(
    fc.constantFrom(..."AZaz09-_+/=. \n"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );
  const at = fc.nat({ max: token.length - 1 });
  const segments = token.split(".");
  return fc.oneof(
    fc.tuple(at, character).map(([i, c]) => token.slice(0, i) + c + token.slice(i + 1)),
    fc.tuple(at, character).map(([i, c]) => token.slice(0, i) + c + token.slice(i)),
    at.map((i) => token.slice(0, i) + token.slice(i + 1)),
    at.map((i) => token.slice(0, i)),
    fc.array(fc.constantFrom(...segments, ""), { maxLength: 5 }).map((parts) => parts.join(".")),
  );
}
