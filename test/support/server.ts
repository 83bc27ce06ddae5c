/** A real `couponlive serve` in a temporary folder, and members who claim over HTTP. */
import { join } from "node:path";
import { z } from "zod";
import { DEFAULTS } from "../../src/config.ts";
import { type Database, openDatabase } from "../../src/server/database.ts";
import { addWindows, createEvent, type NewEvent } from "../../src/server/events/administration.ts";
import type { EventDefinition } from "../../src/server/events/event.ts";
import { createTokenKeys, signTokenSync } from "../../src/server/members/tokens.ts";
import { type RunningProgram, startProgram } from "./program.ts";
import { temporaryDirectory } from "./temp.ts";

const SECRET = "a secret for tests, of enough bytes";
const TOKEN_LIFETIME_SECONDS = 3_600;

const keys = createTokenKeys({
  secret: SECRET,
  previousSecret: undefined,
  issuer: DEFAULTS.issuer,
  audience: DEFAULTS.audience,
});

const answerSchema = z.looseObject({
  status: z.union([z.string(), z.number()]),
  code: z.string(),
  rank: z.number().optional(),
  issuedAt: z.string().optional(),
  opensAt: z.string().nullish(),
});

/** What a claim was answered with. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: z.infer<typeof answerSchema>;
}

/** The header that logs a member in. */
export function bearer(memberId: string): { authorization: string } {
  const request = { memberId, role: "member", lifetimeSeconds: TOKEN_LIFETIME_SECONDS } as const;
  return { authorization: `Bearer ${signTokenSync(keys, request)}` };
}

/** The header of an administrator. */
export function adminBearer(memberId: string): { authorization: string } {
  const request = { memberId, role: "admin", lifetimeSeconds: TOKEN_LIFETIME_SECONDS } as const;
  return { authorization: `Bearer ${signTokenSync(keys, request)}` };
}

/** A folder with a database, in which servers are started and stopped. */
export class TestServer implements AsyncDisposable {
  program: RunningProgram | undefined;
  url = "";

  private constructor(
    readonly path: string,
    readonly database: Database,
    private readonly flags: readonly string[],
    private readonly ownsDatabase = true,
  ) {}

  /** Makes the database; `start` then serves it, with these flags added. */
  static async create(flags: readonly string[] = []): Promise<TestServer> {
    const path = join(temporaryDirectory().path, "ledger.db");
    return new TestServer(path, await openDatabase(path), flags);
  }

  /** Another server on the same database, which stays the first one's to close. */
  static beside(server: TestServer, flags: readonly string[]): TestServer {
    return new TestServer(server.path, server.database, flags, false);
  }

  get env(): Record<string, string> {
    return { COUPONLIVE_JWT_SECRET: SECRET, COUPONLIVE_DB: this.path };
  }

  async start(): Promise<void> {
    this.program = startProgram(["serve", "--port", "0", ...this.flags], { env: this.env });
    const [, url = ""] = await this.program.readUntil(/"url":"([^"]+)".*"msg":"listening"/);
    this.url = url;
  }

  /** Creates an event that is open now; running servers follow it within half a second. */
  async openEvent(input: NewEvent): Promise<EventDefinition> {
    const event = await createEvent(this.database, input);
    const nowMs = Date.now();
    await addWindows(this.database, event.id, [{ opensAtMs: nowMs }], { nowMs });
    return event;
  }

  /** Claims once. @throws when no answer came. */
  async claim(
    eventId: string,
    memberId: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}/v1/events/${eventId}/claims`, {
      method: "POST",
      headers: { ...bearer(memberId), ...headers },
    });
    const body = answerSchema.parse(await response.json());
    return { status: response.status, headers: response.headers, body };
  }

  /** Claims until the server knows the event and its window, of which it may hear one by one. */
  async firstClaim(eventId: string, memberId: string): Promise<Answer> {
    for (;;) {
      const answer = await this.claim(eventId, memberId);
      const { code, opensAt } = answer.body;
      const isWithoutWindow = code === "not_open" && opensAt === null;
      if (code !== "unknown_event" && !isWithoutWindow) return answer;
      await Bun.sleep(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program?.[Symbol.asyncDispose]();
    if (this.ownsDatabase) this.database.close();
  }
}
