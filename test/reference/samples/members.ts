/** What the calls on accounts are answered, beyond what is common. */
import { hashPassword, MAX_CONCURRENT_HASHINGS } from "../../../src/server/members/passwords.ts";
import { type App, PASSWORD, type Sample, send, sendAsAdmin, type World } from "../world.ts";

const LOGIN = "POST /v1/auth/login";
const REGISTER = "POST /v1/users";
const LIST = "GET /v1/admin/users";
const CREATE = "POST /v1/admin/users";
const SHOW = "GET /v1/admin/users/{id}";
const CHANGE = "PATCH /v1/admin/users/{id}";

/** No password is this short, so that it is refused without being hashed. */
const SHORT = "x";

export const memberSamples: Readonly<Record<string, Sample>> = {
  [`${LOGIN} 401 invalid_credentials`]: ({ at, kim: { email } }) =>
    send(at, { call: LOGIN, body: { email, password: SHORT } }),
  [`${LOGIN} 429 too_many_attempts`]: ({ at }) =>
    untilRefused(at, { call: LOGIN, body: { email: "many@example.test", password: SHORT } }),
  [`${LOGIN} 503 overloaded`]: async (world) => (await overloaded(world)).login,

  [`${REGISTER} 403 registration_closed`]: async ({ at }) => {
    at.settings.isRegistrationOpen = false;
    const answer = await send(at, { call: REGISTER, body: {} });
    at.settings.isRegistrationOpen = true;
    return answer;
  },
  [`${REGISTER} 409 email_taken`]: ({ at, kim: { email } }) =>
    send(at, { call: REGISTER, body: { email, password: PASSWORD } }),
  [`${REGISTER} 429 too_many_attempts`]: async ({ at }) => {
    const { peerAddress } = at.settings;
    at.settings.peerAddress = "192.0.2.99";
    const answer = await untilRefused(at, { call: REGISTER, body: {} });
    at.settings.peerAddress = peerAddress;
    return answer;
  },
  [`${REGISTER} 503 overloaded`]: async (world) => (await overloaded(world)).register,

  [`${LIST} 400 invalid_request`]: ({ at }) => sendAsAdmin(at, `${LIST}?limit=0`),
  [`${CREATE} 409 id_taken`]: ({ at, kim: { memberId } }) =>
    sendAsAdmin(at, CREATE, { id: memberId }),
  [`${CREATE} 409 email_taken`]: ({ at, kim: { email } }) => sendAsAdmin(at, CREATE, { email }),
  [`${CREATE} 503 overloaded`]: async (world) => (await overloaded(world)).create,
  [`${SHOW} 404 unknown_member`]: ({ at }) => sendAsAdmin(at, "GET /v1/admin/users/nobody"),
  [`${CHANGE} 404 unknown_member`]: ({ at }) =>
    sendAsAdmin(at, "PATCH /v1/admin/users/nobody", { name: null }),
  [`${CHANGE} 503 overloaded`]: async (world) => (await overloaded(world)).change,
};

/** Repeats what is refused, until it is refused for that. */
async function untilRefused(at: App, call: Parameters<typeof send>[1]): Promise<Response> {
  for (;;) {
    const answer = await send(at, call);
    if (answer.status === 429) return answer;
  }
}

const answers = new WeakMap<World, ReturnType<typeof askWhileHashing>>();

/** Keeping every hasher busy takes seconds: once for all who need it. */
function overloaded(world: World): ReturnType<typeof askWhileHashing> {
  const asked = answers.get(world) ?? askWhileHashing(world);
  answers.set(world, asked);
  return asked;
}

async function askWhileHashing({ at, kim }: World) {
  const hashings = Array.from({ length: MAX_CONCURRENT_HASHINGS }, () => hashPassword(PASSWORD));
  const account = { email: "late@example.test", password: PASSWORD };
  const asked = {
    login: await send(at, { call: LOGIN, body: account }),
    register: await send(at, { call: REGISTER, body: account }),
    create: await sendAsAdmin(at, CREATE, account),
    change: await sendAsAdmin(at, `PATCH /v1/admin/users/${kim.memberId}`, { password: PASSWORD }),
  };
  await Promise.all(hashings);
  return asked;
}
