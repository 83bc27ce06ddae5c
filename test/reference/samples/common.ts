/** The answers that are got alike from every route: the first one, and the refusals of many. */
import { type Operation, problemsOf } from "../../../src/server/http/openapi/operation.ts";
import { PROBLEMS, type ProblemCode } from "../../../src/server/http/problem.ts";
import { CALLS } from "../calls.ts";
import { answersOf, nameOf } from "../documented.ts";
import { ADMINISTRATOR, type Call, type Caller, MEMBER, type Sample, send } from "../world.ts";

const WHOM = {
  anyone: undefined,
  member: { as: MEMBER },
  administrator: { as: ADMINISTRATOR, role: "admin" },
} as const satisfies Record<Operation["access"], Caller | undefined>;

/** By their names (documented.ts). */
export function commonSamples(operation: Operation): Record<string, Sample> {
  const name = nameOf(operation);
  const right = CALLS[name];
  const [first] = answersOf(operation);
  if (right === undefined || first === undefined) throw new Error(`calls.ts has no ${name}`);
  const common = refusals(operation, right);
  const codes = problemsOf(operation).flatMap((code): [string, Sample][] => {
    const sample = common[code];
    return sample === undefined ? [] : [[`${name} ${PROBLEMS[code].status} ${code}`, sample]];
  });
  const whom = WHOM[operation.access];
  return { [first]: (world) => send(world.at, right(world), whom), ...Object.fromEntries(codes) };
}

function refusals(
  { access, body }: Operation,
  right: (typeof CALLS)[string],
): Partial<Record<ProblemCode, Sample>> {
  const whom = WHOM[access];
  const changed =
    (change: (call: Call) => Call): Sample =>
    (world) =>
      send(world.at, change(right(world)), whom);
  return {
    unauthorized: (world) => send(world.at, right(world)),
    forbidden: (world) => send(world.at, right(world), WHOM.member),
    inactive_member: (world) =>
      send(
        world.at,
        right(world),
        access === "administrator"
          ? { as: world.offAdminId, role: "admin" }
          : { as: world.offMemberId },
      ),
    unknown_event: changed((call) => ({
      ...call,
      call: call.call.replace(/events\/[^/]+/, "events/nothing"),
    })),
    too_large: changed((call) => ({ ...call, headers: { "content-length": "9000000" } })),
    ...(body?.mediaType === "application/json"
      ? { invalid_request: changed((call) => ({ ...call, body: "{" })) }
      : {}),
    internal: async (world) => {
      const broken = await world.withBrokenClock();
      return await send(broken.at, right(broken), whom);
    },
    engine_unavailable: async (world) => {
      const broken = await world.withoutEngine();
      return await send(broken.at, right(broken), whom);
    },
  };
}
