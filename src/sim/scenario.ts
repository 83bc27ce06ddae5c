/** Who makes the arrivals of a run, and with what credential: a pure function of the seed. */
import { seededRandom } from "./random.ts";
import { humanEarlyArrivals, humanOpeningMs, type Schedule } from "./schedule.ts";
import type { LoadShape } from "./shape.ts";

export const SCENARIOS = ["rush", "impatient", "stampede", "edges", "intruders", "mixed"] as const;

export type Scenario = (typeof SCENARIOS)[number];

/** How a member says who it is. The order numbers them; 0 is the only one that may be served. */
export const CREDENTIALS = ["valid", "none", "expired", "forged", "foreign"] as const;

export type Credential = (typeof CREDENTIALS)[number];

/** What the crowd is made from. A member's place is its index in the run's seeded order. */
export interface CrowdPlan {
  readonly scenario: Scenario;
  readonly shape: LoadShape;
  readonly arrivals: number;
  readonly members: number;
  readonly seed: number;
}

/** Tell the uses of the seed from each other. */
const CREDENTIAL_STREAM = 2;
const CLICK_STREAM = 3;
const PICK_STREAM = 4;

const MAX_CLICKS = 5;
/** Intruders among the members. */
const INTRUDER_SHARE = { intruders: 0.3, mixed: 0.05 };
/** Members of `mixed` who click like those of `impatient`; the others click once. */
const MIXED_IMPATIENT_SHARE = 0.25;
/** Of `humans`, every so many-th arrival after the opening is by somebody who comes again. */
const RETURNING_EVERY = 5;
/** Of `stampede`, the arrivals that make up the stock: the first ones. */
const STAMPEDE_EARLY_SHARE = 0.1;

/** How often a member claims on average, so that a run can be made long enough for all. */
export function claimsPerMember(scenario: Scenario): number {
  const meanClicks = (1 + MAX_CLICKS) / 2;
  if (scenario === "impatient") return meanClicks;
  if (scenario === "mixed") return 1 + MIXED_IMPATIENT_SHARE * (meanClicks - 1);
  return 1;
}

/** The coupons after which a stampede of so many arrivals finds the stock gone. */
export function stampedeStock(arrivals: number): number {
  return Math.max(1, Math.floor(arrivals * STAMPEDE_EARLY_SHARE));
}

/** The place of the member that makes each arrival: to be called once for each, in order. */
export function createVisits(plan: CrowdPlan): () => number {
  switch (plan.scenario) {
    case "rush":
    case "intruders":
      return plan.shape.kind === "humans" ? returningVisits(plan) : eachInTurn(plan);
    case "impatient":
    case "mixed":
      return clickingVisits(plan);
    case "stampede":
      return anyoneAfter(plan, stampedeStock(plan.arrivals));
    case "edges":
      return anyoneAfter(plan, 0);
  }
}

/** Everyone once, then everyone again. */
function eachInTurn({ members }: CrowdPlan): () => number {
  let next = 0;
  return () => next++ % members;
}

/** Those who came before the opening were refused: they come again first, then all others. */
function returningVisits({ arrivals, members }: CrowdPlan): () => number {
  const early = humanEarlyArrivals(arrivals);
  let arrival = 0;
  let newcomers = 0;
  let returned = 0;
  return () => {
    const sinceOpening = arrival++ - early;
    const returns = sinceOpening >= 0 && sinceOpening % RETURNING_EVERY === RETURNING_EVERY - 1;
    return (returns && returned < newcomers ? returned++ : newcomers++) % members;
  };
}

/** Each makes all its clicks at once: arrivals that follow each other are on other connections. */
function clickingVisits({ scenario, members, seed }: CrowdPlan): () => number {
  const random = seededRandom(seed, CLICK_STREAM);
  let place = members - 1;
  let clicksLeft = 0;
  return () => {
    if (clicksLeft === 0) {
      place = (place + 1) % members;
      const clicksMore = scenario === "impatient" || random() < MIXED_IMPATIENT_SHARE;
      clicksLeft = clicksMore ? 1 + Math.floor(random() * MAX_CLICKS) : 1;
    }
    clicksLeft--;
    return place;
  };
}

/** The first ones in turn, then anyone: who has come before, or not. */
function anyoneAfter({ members, seed }: CrowdPlan, first: number): () => number {
  const random = seededRandom(seed, PICK_STREAM);
  let arrival = 0;
  return () =>
    arrival < first ? arrival++ % members : Math.min(members - 1, Math.floor(random() * members));
}

/** The credential of the member at each place, as its number in CREDENTIALS. */
export function planCredentials({ scenario, members, seed }: CrowdPlan): Uint8Array<ArrayBuffer> {
  const credentials = new Uint8Array(members);
  if (scenario !== "intruders" && scenario !== "mixed") return credentials;
  const share = INTRUDER_SHARE[scenario];
  const random = seededRandom(seed, CREDENTIAL_STREAM);
  for (let place = 0; place < members; place++) {
    if (random() < share) {
      credentials[place] = 1 + Math.floor(random() * (CREDENTIALS.length - 1));
    }
  }
  return credentials;
}

/** When the window of a run's own event opens and closes, in ms after the start of the run. */
export interface RunWindow {
  readonly opensMs: number;
  readonly closesMs: number;
}

/** Of `edges`: where in the run the window opens and closes. */
const OPENS_SHARE = 0.25;
const CLOSES_SHARE = 0.75;

/** The window that the scenario asks for; undefined for one that is open all the time. */
export function runWindow(
  scenario: Scenario,
  shape: LoadShape,
  durationMs: number,
): RunWindow | undefined {
  if (scenario === "edges") {
    return {
      opensMs: Math.floor(durationMs * OPENS_SHARE),
      closesMs: Math.floor(durationMs * CLOSES_SHARE),
    };
  }
  if (shape.kind !== "humans") return undefined;
  return { opensMs: humanOpeningMs(durationMs), closesMs: Number.POSITIVE_INFINITY };
}

/** Of `edges`: a share of the schedule, and the share of the run into which it is squeezed. */
const EDGE_BENDS: readonly (readonly [ofSchedule: number, ofRun: number])[] = [
  [0, 0],
  [0.1, 0.2],
  [0.4, 0.3],
  [0.6, 0.7],
  [0.9, 0.8],
  [1, 1],
];

/** The schedule as the scenario has it: `edges` gathers three fifths around the two edges. */
export function bendSchedule(scenario: Scenario, schedule: Schedule, durationMs: number): Schedule {
  if (scenario !== "edges") return schedule;
  const durationUs = durationMs * 1000;
  return {
    arrivals: schedule.arrivals,
    dueUs: (index) => durationUs * bend(schedule.dueUs(index) / durationUs),
  };
}

function bend(share: number): number {
  const last = EDGE_BENDS.findLastIndex(([from]) => from <= share);
  const [fromShare, fromRun] = EDGE_BENDS[last] ?? [0, 0];
  const [toShare, toRun] = EDGE_BENDS[last + 1] ?? [Number.POSITIVE_INFINITY, fromRun];
  return fromRun + ((share - fromShare) * (toRun - fromRun)) / (toShare - fromShare);
}
