/**
 * Whether these bytes are there. A loop of ours is compiled into place, where Buffer's own comparison
 * is a call for every answer.
 */
export function sameBytes(bytes: Buffer, start: number, expected: Buffer): boolean {
  for (let at = 0; at < expected.length; at++) {
    if (bytes[start + at] !== expected[at]) return false;
  }
  return true;
}
