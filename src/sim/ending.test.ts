import { expect, test } from "bun:test";
import { describeEnding } from "./ending.ts";

const EVENT = {
  id: "spring",
  name: "Spring",
  stock: 1,
  windows: [],
  paused: false,
  ended: false,
  revision: 1,
};
const FOREIGN = { url: new URL("http://shop:8080/"), event: EVENT, ownServer: undefined };
const DRAINED = { isDrained: true, serverAnswers: true, isReadable: true };
const UNDRAINED = { ...DRAINED, isDrained: false };

test("nothing is wrong with a server that answers and has drained", () => {
  expect(describeEnding(DRAINED, FOREIGN, true)).toEqual({ isDrained: true, trouble: undefined });
});

test("what is wrong, and what to do", () => {
  const check =
    "and let `couponlive verify spring` check the ledger; what the members were told it cannot check";
  expect(describeEnding({ ...DRAINED, serverAnswers: false }, FOREIGN, true)).toEqual({
    isDrained: true,
    trouble: "the server at http://shop:8080 does not answer any more",
  });
  expect(describeEnding({ ...UNDRAINED, serverAnswers: false }, FOREIGN, true).trouble).toBe(
    `the server at http://shop:8080 does not answer any more, and the ledger may lack some of what it had decided: start it again, wait until it is quiet, ${check}`,
  );
  expect(describeEnding(UNDRAINED, FOREIGN, true).trouble).toBe(
    `the server at http://shop:8080 has not brought everything to the ledger in 60 s, and the ledger may lack some of what it had decided: see its log, wait until it is quiet, ${check}`,
  );
  expect(describeEnding(DRAINED, FOREIGN, false).trouble).toBe(
    "the server died, or did not stop when it was told to",
  );
});
