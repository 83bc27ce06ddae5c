/** The judge against a true ledger in a real libSQL file, and against planted lies. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { issuances } from "../../schema/tables.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../test/support/temp.ts";
import { type Database, openDatabase } from "../server/database.ts";
import { addWindows, createEvent, findEvent } from "../server/events/administration.ts";
import type { EventDefinition } from "../server/events/event.ts";
import { seedMemberId } from "../server/members/seed.ts";
import { judge, LOST_RECORDS, readHolders } from "./oracle.ts";
import type { Answer } from "./outcomes.ts";
import { DatabaseRecords } from "./records.ts";
import { noOutcomes } from "./tally.ts";
import { ToldTable } from "./told.ts";

const USERS = 6;
const STOCK = 3;
const CLOCKS = { startedAtMs: 0, sameClock: false };

let directory: TemporaryDirectory;
let database: Database;

beforeAll(async () => {
  directory = temporaryDirectory();
  database = await openDatabase(join(directory.path, "oracle.db"));
});

afterAll(() => {
  database.close();
  directory.remove();
});

const code = (rank: number) => `CODE-${rank}`;
const issued = (rank: number): Answer => ({ outcome: "issued", rank, code: code(rank) });
const again = (rank: number): Answer => ({ outcome: "alreadyIssued", rank, code: code(rank) });
const soldOut: Answer = { outcome: "soldOut" };
const unknown: Answer = { outcome: "unknown" };
const error: Answer = { outcome: "error" };
const notOpen: Answer = { outcome: "notOpen" };

const MEMBER = "member-000000";

/** [member's number, what it was told], and [member's number, rank] in the ledger. */
type Told = readonly (readonly [number, Answer])[];
type Rows = readonly (readonly [number, number])[];

async function createStocked(): Promise<EventDefinition> {
  const { id } = await createEvent(database, { name: "Oracle", stock: STOCK });
  const nowMs = Date.now();
  await addWindows(database, id, [{ opensAtMs: nowMs }], { nowMs });
  const event = await findEvent(database, id);
  if (event === undefined) throw new Error("the event was not made");
  return event;
}

async function insertRows({ id, windows }: EventDefinition, rows: Rows): Promise<void> {
  if (rows.length === 0) return;
  await database.orm.insert(issuances).values(
    rows.map(([member, rank]) => ({
      eventId: id,
      rank,
      userId: seedMemberId(member),
      code: `${id} ${rank}`,
      windowId: windows[0]?.id ?? 0,
      issuedAtMs: 1,
    })),
  );
}

interface Circumstances {
  readonly stockBefore?: number;
  readonly ownEvent?: boolean;
  readonly isDrained?: boolean;
}

/** The ids of the checks that fail, with their counter-examples. */
async function verdict(
  told: Told,
  rows: Rows,
  rowsBefore: Rows = [],
  credentials = new Uint8Array(USERS + 1),
  { stockBefore = STOCK, ownEvent = true, isDrained = true }: Circumstances = {},
): Promise<Record<string, readonly string[]>> {
  const event = await createStocked();
  await insertRows(event, rowsBefore);
  const records = new DatabaseRecords(database, event.id, undefined);
  const before = await readHolders(records, USERS);
  await insertRows(event, rows);
  const table = new ToldTable(USERS + 1);
  const outcomes = noOutcomes();
  let atMs = 0;
  for (const [member, answer] of told) {
    // Codes are unique in the whole ledger, so each event has its own.
    const own =
      "code" in answer ? { ...answer, code: answer.code.replace("CODE-", `${event.id} `) } : answer;
    // One after another: each is asked when the one before is answered.
    table.record(member, own, atMs * 1000, (atMs + 1) * 1000);
    atMs += 2;
    outcomes[answer.outcome]++;
  }

  const testimony = { told: table, outcomes, credentials, ownEvent, ...CLOCKS };
  const then = { ...event, stock: stockBefore };
  const checks = await judge(records, then, before, testimony, isDrained);
  expect(checks.map((check) => check.id)).toHaveLength(14);
  return Object.fromEntries(
    checks.filter((check) => !check.ok).map((check) => [check.id, check.counterExamples]),
  );
}

const RIGHT: Told = [
  [1, issued(1)],
  [2, issued(2)],
  [1, again(1)],
  [3, issued(3)],
  [4, soldOut],
];
const LEDGER: Rows = [
  [1, 1],
  [2, 2],
  [3, 3],
];

test("a true run passes, also with «not open» first, and then a coupon", async () => {
  expect(await verdict(RIGHT, LEDGER)).toEqual({});
  expect(await verdict([[1, notOpen], ...RIGHT], LEDGER)).toEqual({});
});

test("an answer that never came may be either", async () => {
  expect(
    await verdict(
      [
        [1, issued(1)],
        [2, unknown],
        [3, error],
        [4, unknown],
      ],
      LEDGER,
    ),
  ).toEqual({});
  expect(
    await verdict(
      [
        [1, issued(1)],
        [2, notOpen],
        [2, unknown],
        [3, error],
        [4, soldOut],
      ],
      LEDGER,
    ),
  ).toEqual({});
});

test("the stock was raised during the run: «sold out» was true when it was told", async () => {
  const raised = { stockBefore: 1 };
  const told: Told = [
    [1, issued(1)],
    [2, soldOut],
    [3, soldOut],
    [3, unknown],
  ];
  expect(await verdict(told, LEDGER.slice(0, 1), [], undefined, raised)).toEqual({});
  expect(await verdict([...told, [2, issued(2)]], LEDGER, [], undefined, raised)).toEqual({});
});

test("whoever else claims from an event that was there is not this run's business", async () => {
  const stranger: Rows = [[USERS + 1, 2]];
  const there = { ownEvent: false };
  const told: Told = [[1, issued(1)]];
  expect(await verdict(told, [[1, 1], ...stranger], [], undefined, there)).toEqual({});
  expect(await verdict(told, [[1, 1], ...stranger])).toEqual({
    "refusals-kept": [`${MEMBER}7 is not of this run, the ledger has rank 2`],
  });
});

test("members who held a coupon before the run are told so", async () => {
  expect(
    await verdict(
      [
        [1, again(1)],
        [2, issued(2)],
        [3, issued(3)],
      ],
      LEDGER.slice(1),
      LEDGER.slice(0, 1),
    ),
  ).toEqual({});
});

const lies: [name: string, told: Told, rows: Rows, expected: Record<string, string[]>][] = [
  [
    "an acknowledged issuance that the ledger lacks",
    RIGHT,
    LEDGER.slice(0, 2),
    {
      "told-kept": [`${MEMBER}3 was told rank 3, the ledger has nothing`],
      "all-explained": ["2 new in the ledger, 3 told, 0 without a clear answer"],
      "sold-out-true": ["1 were told «sold out», 1 coupons are left"],
    },
  ],
  [
    "another rank",
    RIGHT,
    [
      [1, 1],
      [3, 2],
      [2, 3],
    ],
    {
      "told-kept": [
        `${MEMBER}3 was told rank 3, the ledger has rank 2`,
        `${MEMBER}2 was told rank 2, the ledger has rank 3`,
      ],
    },
  ],
  [
    "another code",
    [
      [1, { outcome: "issued", rank: 1, code: "FORGED" }],
      [2, issued(2)],
      [3, issued(3)],
    ],
    LEDGER,
    { "told-kept": [`${MEMBER}1 was told rank 1, the ledger has another code`] },
  ],
  [
    "told sold out, yet in the ledger",
    [
      [1, issued(1)],
      [2, issued(2)],
      [3, soldOut],
    ],
    LEDGER,
    {
      "refusals-kept": [`${MEMBER}3 was told «sold out», the ledger has rank 3`],
      "all-explained": ["3 new in the ledger, 2 told, 0 without a clear answer"],
    },
  ],
  [
    "an issuance nobody asked for",
    [
      [1, issued(1)],
      [2, issued(2)],
      [3, notOpen],
    ],
    [...LEDGER.slice(0, 2), [5, 3]],
    {
      "refusals-kept": [`${MEMBER}5 made no claim, the ledger has rank 3`],
      "all-explained": ["3 new in the ledger, 2 told, 0 without a clear answer"],
    },
  ],
  [
    "told sold out, and told of a coupon",
    [...RIGHT, [3, soldOut]],
    LEDGER,
    { "refusals-kept": [`${MEMBER}3 was told «sold out», and of rank 3`] },
  ],
  [
    "told sold out beside a claim that was granted without an answer",
    [
      [1, issued(1)],
      [2, issued(2)],
      [3, soldOut],
      [3, unknown],
    ],
    LEDGER,
    { "refusals-kept": [`${MEMBER}3 was told «sold out», the ledger has rank 3`] },
  ],
  [
    "told of a coupon, and then not open",
    [...RIGHT, [1, notOpen]],
    LEDGER,
    { "refusals-kept": [`${MEMBER}1 held rank 1 and was told «not open»`] },
  ],
  [
    "sold out while stock remains",
    [
      [1, issued(1)],
      [4, soldOut],
    ],
    LEDGER.slice(0, 1),
    { "sold-out-true": ["1 were told «sold out», 2 coupons are left"] },
  ],
  [
    "issued twice to one member",
    [...RIGHT, [1, issued(1)]],
    LEDGER,
    {
      "told-once": [`${MEMBER}1 was told «issued» more than once`],
      "all-explained": ["3 new in the ledger, 4 told, 0 without a clear answer"],
    },
  ],
  [
    "two different coupons",
    [...RIGHT, [1, again(2)]],
    LEDGER,
    { "told-once": [`${MEMBER}1 was told of two different coupons`] },
  ],
  [
    "more than the stock",
    [...RIGHT, [5, issued(4)]],
    [...LEDGER, [5, 4]],
    { "told-stock": ["4 members were told of a coupon, the stock is 3"] },
  ],
  [
    "a coupon that was there before, told as new",
    [
      [1, again(1)],
      [2, again(2)],
      [3, again(3)],
    ],
    LEDGER,
    { "all-explained": ["3 new in the ledger, 0 told, 0 without a clear answer"] },
  ],
];

test.each(lies)("a lie: %s", async (_name, told, rows, expected) => {
  expect(await verdict(told, rows)).toEqual(expected);
});

/** What is left of a lie where the ledger lacks coupons because it has not drained. */
const UNDRAINED: Readonly<Record<string, Record<string, string[]>>> = {
  "an acknowledged issuance that the ledger lacks": {},
  "sold out while stock remains": {},
  "issued twice to one member": {
    "told-once": [`${MEMBER}1 was told «issued» more than once`],
  },
};

test.each(lies)("before the ledger has drained: %s", async (name, told, rows, expected) => {
  const found = await verdict(told, rows, [], undefined, { isDrained: false });
  expect(found).toEqual(UNDRAINED[name] ?? expected);
});

test("without a ledger, what the members were told is judged", async () => {
  const event = await createStocked();
  const told = new ToldTable(USERS + 1);
  for (const [member, answer] of RIGHT) told.record(member, answer, 0, 0);
  told.record(5, { outcome: "issued", rank: 2, code: code(2) }, 0, 0);
  const outcomes = { ...noOutcomes(), issued: 4, soldOut: 1 };
  const credentials = new Uint8Array(USERS + 1);
  const testimony = { told, outcomes, credentials, ownEvent: true, ...CLOCKS };
  const before = { byNumber: new Uint8Array(USERS + 1), issued: 0 };
  const checks = await judge(LOST_RECORDS, event, before, testimony, false);
  expect(checks.filter(({ ok }) => !ok).map(({ id }) => id)).toEqual(["told-stock", "told-unique"]);
  const summaries = checks.map(({ id, summary }) => `${id}: ${summary}`);
  const lacking = "not judged: the ledger has not drained";
  expect(summaries).toContain(`told-kept: 0 promises are in the ledger, 4 ${lacking}`);
  expect(summaries).toContain(`all-explained: ${lacking}`);
  expect(summaries).toContain(`sold-out-true: ${lacking}`);
});

test("intruders: refused, served, or in the ledger", async () => {
  const [forged, none] = [3, 1];
  const credentials = Uint8Array.from([0, 0, 0, 0, none, 0, forged]);
  const unauthorized: Answer = { outcome: "unauthorized" };
  const refused: Told = [...RIGHT.slice(0, 4), [4, unauthorized], [6, unauthorized]];
  expect(await verdict(refused, LEDGER, [], credentials)).toEqual({});
  const served: Told = [
    [1, issued(1)],
    [4, issued(2)],
    [6, unknown],
  ];
  const rows: Rows = [
    [1, 1],
    [4, 2],
    [6, 3],
  ];
  expect(await verdict(served, rows, [], credentials)).toEqual({
    "intruders-refused": [
      `${MEMBER}4 showed no token, the ledger has rank 2`,
      `${MEMBER}6 showed a token that is forged, the ledger has rank 3`,
      `${MEMBER}4 showed no token and was told rank 2`,
    ],
  });
});

test("two members with one code", async () => {
  const shared: Told = [...RIGHT.slice(0, 2), [5, { outcome: "issued", rank: 3, code: code(2) }]];
  const found = await verdict(shared, LEDGER.slice(0, 2));
  expect(found["told-unique"]).toEqual([`${MEMBER}2 and ${MEMBER}5 were told the same code`]);
});

test("members told «not open» or «sold out» who held a coupon before the run", async () => {
  const told: Told = [
    [1, notOpen],
    [2, soldOut],
    [3, { outcome: "paused" }],
  ];
  expect(await verdict(told, [], LEDGER)).toMatchObject({
    "refusals-kept": [
      `${MEMBER}1 held rank 1 and was told «not open»`,
      `${MEMBER}2 was told «sold out», the ledger has rank 2`,
      `${MEMBER}3 held rank 3 and was told «paused»`,
    ],
  });
});
