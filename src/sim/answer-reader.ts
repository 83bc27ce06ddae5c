/**
 * Reads the answers to claims from their bytes. A server repeats itself: its refusals to the byte, and
 * its grants but for a number and a code. What has been read of an answer is kept, and one that is like
 * it is not read as JSON again.
 */
import { type Answer, MAX_CODE_LENGTH, MAX_RANK, readAnswer } from "./outcomes.ts";
import { sameBytes } from "./same-bytes.ts";
import { type Body, textOf } from "./transport.ts";

/** A longer answer is read anew each time. */
const MAX_KEPT_BYTES = 1_024;

/** What an answer is like that has been read. Returns undefined for one that is not like it. */
interface Pattern {
  read(body: Body): Answer | undefined;
}

export class AnswerReader {
  /** The last answer of each status. */
  readonly #patterns: (Pattern | undefined)[] = [];

  /** Promises what `readAnswer` does. */
  read(status: number, body: Body): Answer {
    const known = this.#patterns[status]?.read(body);
    if (known !== undefined) return known;
    const text = textOf(body);
    const answer = readAnswer(status, text);
    if (body.end - body.start <= MAX_KEPT_BYTES) {
      this.#patterns[status] =
        "rank" in answer ? GrantPattern.of(status, text) : new Repetition(body, answer);
    }
    return answer;
  }
}

/** The very same answer once more. */
class Repetition implements Pattern {
  readonly #bytes: Buffer;
  readonly #answer: Answer;

  constructor({ bytes, start, end }: Body, answer: Answer) {
    this.#bytes = Buffer.from(bytes.subarray(start, end));
    this.#answer = answer;
  }

  read({ bytes, start, end }: Body): Answer | undefined {
    const { length } = this.#bytes;
    return end - start === length && sameBytes(bytes, start, this.#bytes)
      ? this.#answer
      : undefined;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const [FIRST_PRINTABLE, LAST_PRINTABLE] = [0x21, 0x7e];

/** Stand in for a rank and a code, to see whether they are where they seem to be. */
const [SAMPLE_RANK, SAMPLE_CODE] = [1_234_567_890, "A-Sample"];

/** A grant with another rank and another code. */
class GrantPattern implements Pattern {
  readonly #outcome: "issued" | "alreadyIssued";
  readonly #beforeRank: Buffer;
  readonly #beforeCode: Buffer;
  readonly #afterCode: Buffer;

  private constructor(
    outcome: "issued" | "alreadyIssued",
    beforeRank: string,
    beforeCode: string,
    afterCode: string,
  ) {
    this.#outcome = outcome;
    this.#beforeRank = Buffer.from(beforeRank);
    this.#beforeCode = Buffer.from(beforeCode);
    this.#afterCode = Buffer.from(afterCode);
  }

  /** Undefined where the rank and the code cannot be told from what is around them. */
  static of(status: number, text: string): GrantPattern | undefined {
    const [, beforeRank, beforeCode, afterCode] =
      /^(.*?"rank":)\d+(.*?"code":")[^"\\]*(".*)$/s.exec(text) ?? [];
    if (beforeRank === undefined || beforeCode === undefined || afterCode === undefined) {
      return undefined;
    }
    // The same words may be elsewhere in the text. Only if the two mean what they seem to mean is
    // an answer with two others in their place read as those.
    const sample = `${beforeRank}${SAMPLE_RANK}${beforeCode}${SAMPLE_CODE}${afterCode}`;
    const read = readAnswer(status, sample);
    if (!("rank" in read) || read.rank !== SAMPLE_RANK || read.code !== SAMPLE_CODE) {
      return undefined;
    }
    return new GrantPattern(read.outcome, beforeRank, beforeCode, afterCode);
  }

  read({ bytes, start, end }: Body): Answer | undefined {
    if (!sameBytes(bytes, start, this.#beforeRank)) return undefined;
    let at = start + this.#beforeRank.length;
    let rank = 0;
    // Zero is no rank, and the first digit of none.
    for (; at < end && rank <= MAX_RANK; at++) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9 || (digit === 0 && rank === 0)) break;
      rank = 10 * rank + digit;
    }
    if (rank < 1 || rank > MAX_RANK || !sameBytes(bytes, at, this.#beforeCode)) return undefined;
    const codeStart = at + this.#beforeCode.length;
    const codeEnd = end - this.#afterCode.length;
    const length = codeEnd - codeStart;
    if (length < 1 || length > MAX_CODE_LENGTH || !isPlain(bytes, codeStart, codeEnd)) {
      return undefined;
    }
    if (!sameBytes(bytes, codeEnd, this.#afterCode)) return undefined;
    const code = bytes.toString("latin1", codeStart, codeEnd);
    return { outcome: this.#outcome, rank, code };
  }
}

/** Printable ASCII that JSON writes as it is. */
function isPlain(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE) return false;
    if (byte === QUOTE || byte === BACKSLASH) return false;
  }
  return true;
}
