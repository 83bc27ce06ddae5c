/**
 * The load of one worker: at each turn of its loop it sends all that has become due. There is no
 * timer for a request and no queue: what a connection sends next follows from the schedule.
 */
import { AnswerReader } from "./answer-reader.ts";
import { createConnection } from "./connections.ts";
import { connectionOf } from "./division.ts";
import { LatencyCounter } from "./live-latency.ts";
import type { WorkerPlan, WorkerProgress } from "./messages.ts";
import { chooseNetwork } from "./network/choose-network.ts";
import type { Network } from "./network/network.ts";
import type { Answer } from "./outcomes.ts";
import type { RequestBook } from "./requests.ts";
import { CREDENTIALS } from "./scenario.ts";
import { SeriesRecorder } from "./series-recorder.ts";
import { Tally } from "./tally.ts";
import { ToldTable } from "./told.ts";
import type { Connection } from "./transport.ts";

/** Connections opened at once: below the backlog of any listening socket. */
const OPENING_AT_ONCE = 64;
/** How often connections are asked whether something takes too long. */
const EXPIRY_INTERVAL_MS = 50;
const PROGRESS_INTERVAL_MS = 100;
/** The longest sleep, so that the two intervals above are kept. */
const MAX_SLEEP_MS = 10;

/**
 * The shortest time between the beginnings of two turns, if the first one is done by then; the thread
 * sleeps meanwhile. A claim may be sent that much after it is due, and its answer seen as late. Shorter
 * turns make a request dearer: each nap has its price, and so has each waking of the server. Without
 * any nap, a core would be taken from the server beside it. See docs/decisions/load-sockets.md.
 */
const TURN_MS = 0.5;
/** A shorter nap would cost more than it brings. */
const MIN_NAP_MS = 0.05;

/** The number of the one credential that may be served. */
const VALID = CREDENTIALS.indexOf("valid");

/** A connection and its place in the schedule. */
interface Lane {
  readonly connection: Connection;
  /** The local arrival that it sends next. */
  next: number;
  /** It has sent at this turn, and is to be flushed. */
  touched: boolean;
}

export class LoadLoop {
  readonly tally = new Tally();
  readonly told: ToldTable;
  /** The worker's arrivals, in the order in which they are due: when, and whose. */
  readonly #dueTimesUs: Float64Array;
  readonly #slots: Uint32Array;
  /** What the member in each slot shows. */
  readonly #credentials: Uint8Array;
  readonly #book: RequestBook;
  /** Nothing is sent from then on. */
  readonly #endUs: number;
  readonly #maxWaitUs: number;
  readonly #network: Network;
  readonly #answers = new AnswerReader();
  readonly #series = new SeriesRecorder();
  readonly #onProgress: (progress: WorkerProgress) => void;
  readonly #lanes: Lane[] = [];
  /** The lanes that have sent at this turn. */
  readonly #touched: Lane[] = [];
  readonly #finished = Promise.withResolvers<void>();
  readonly #latency = new LatencyCounter();
  /** performance.now() of this thread at the start of the run. */
  #startMs = Number.POSITIVE_INFINITY;
  /** How many local arrivals have become due: all with a lower number. */
  #due = 0;
  #inFlight = 0;
  #intrudersServed = 0;
  #stopped = false;
  #nextExpiryMs = 0;
  #nextProgressMs = 0;

  /** @param network how the connections reach the server; the loop closes it */
  constructor(
    plan: WorkerPlan,
    book: RequestBook,
    onProgress: (progress: WorkerProgress) => void,
    network: Network = chooseNetwork(plan.target),
  ) {
    // What is read for each request is taken out of the plan: to the engine a plan that has crossed
    // threads is another thing than the rehearsal's, for which the code has been compiled.
    this.#dueTimesUs = plan.share.arrivals.dueUs;
    this.#slots = plan.share.arrivals.slots;
    this.#credentials = plan.share.credentials;
    this.#book = book;
    this.#endUs = (plan.durationMs + plan.graceMs) * 1000;
    this.#maxWaitUs = (plan.maxWaitMs ?? Number.POSITIVE_INFINITY) * 1000;
    this.#network = network;
    this.#onProgress = onProgress;
    this.told = new ToldTable(plan.share.memberNumbers.length);
    for (let index = 0; index < plan.connections; index++)
      this.#lanes.push(this.#createLane(plan, index));
  }

  /** Opens every connection. Rejects when one of them cannot be opened. */
  async open(): Promise<void> {
    let opened = 0;
    const open = async ({ connection }: Lane) => {
      await connection.open();
      opened++;
    };
    try {
      for (let first = 0; first < this.#lanes.length; first += OPENING_AT_ONCE) {
        const some = this.#lanes.slice(first, first + OPENING_AT_ONCE);
        await this.#whileCollecting(Promise.all(some.map(open)));
      }
    } catch (error) {
      if (opened === 0) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(
        `${opened} of ${this.#lanes.length} connections were open, then: ${why}; take fewer --connections, or raise the limit of open files (ulimit -n) here and at the server`,
      );
    }
  }

  /** Lets the network work until the promise is settled: no turn does yet. */
  async #whileCollecting(promise: Promise<unknown>): Promise<void> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => undefined);
    while (!isSettled) await new Promise<void>((resolve) => this.#network.rest(1, resolve));
    await settled;
  }

  /** Runs the schedule from this time on; resolves when nothing is left to send or to wait for. */
  async run(startAtMs: number): Promise<void> {
    this.#startMs = startAtMs - performance.timeOrigin;
    this.#turn();
    await this.#finished.promise;
  }

  /** Sends nothing more; the run ends when what is in flight has been answered. */
  stop(): void {
    this.#stopped = true;
  }

  /** Closes the connections, whatever is in flight. */
  close(): void {
    for (const lane of this.#lanes) lane.connection.close();
    this.#network.close();
  }

  #createLane({ transport, target, limits }: WorkerPlan, index: number): Lane {
    const connection = createConnection(this.#network, transport, target, limits, {
      answered: (local, status, body, sentAtMs) =>
        this.#conclude(local, this.#answers.read(status, body), sentAtMs),
      unanswered: (local, reason, sentAtMs) =>
        this.#conclude(local, { outcome: "unknown", reason }, sentAtMs),
      ready: () => this.#advance(lane),
      lost: () => {
        this.tally.connectionsLost++;
      },
    });
    const lane: Lane = { connection, next: index, touched: false };
    return lane;
  }

  /** Turns until the next rest; the event loop, which may bring a message, has its turn now and then. */
  readonly #turn = (): void => {
    const yieldAtMs = this.#network.needsEventLoop ? 0 : performance.now() + MAX_SLEEP_MS;
    do {
      const turnMs = performance.now();
      this.#network.collect(0);
      this.#sendDue();
      this.#doChores();
      if (this.#inFlight === 0 && this.#nothingToSend(this.#nowUs())) {
        this.#finish();
        return;
      }
      const dueInMs = this.#dueInMs();
      if (dueInMs >= 1 || this.#isSaturated) {
        const restMs = Math.min(MAX_SLEEP_MS, Math.max(1, Math.floor(dueInMs)));
        if (this.#network.needsEventLoop) {
          this.#network.rest(restMs, this.#turn);
          return;
        }
        this.#network.collect(restMs);
        continue;
      }
      const napMs = Math.max(turnMs + TURN_MS - performance.now(), dueInMs);
      if (napMs >= MIN_NAP_MS) this.#network.nap(napMs);
    } while (performance.now() < yieldAtMs);
    setImmediate(this.#turn);
  };

  /** What is to be done now and then. */
  #doChores(): void {
    const nowMs = performance.now();
    if (nowMs >= this.#nextExpiryMs) {
      this.#nextExpiryMs = nowMs + EXPIRY_INTERVAL_MS;
      for (const lane of this.#lanes) lane.connection.expire(nowMs);
    }
    if (nowMs >= this.#nextProgressMs) {
      this.#nextProgressMs = nowMs + PROGRESS_INTERVAL_MS;
      this.#reportProgress(this.#nowUs());
    }
  }

  #finish(): void {
    this.#reportProgress(Number.POSITIVE_INFINITY);
    for (const lane of this.#lanes) this.tally.unsent += this.#remaining(lane);
    this.#finished.resolve();
  }

  /** How long until the next request is due; as long as does not matter where there is none. */
  #dueInMs(): number {
    if (this.#due >= this.#count || this.#stopped) return MAX_SLEEP_MS;
    return (this.#dueUs(this.#due) - this.#nowUs()) / 1000;
  }

  /**
   * As many requests wait for a connection as there are connections. What is sent next is sent when
   * an answer comes, for which a nap is deaf; a timer is not.
   */
  get #isSaturated(): boolean {
    return this.#due - this.tally.sent - this.tally.shed >= this.#lanes.length;
  }

  /** Sends all that is due, and each connection's share of it in one write. */
  #sendDue(): void {
    // What becomes due while this goes on is sent at the next turn.
    const nowUs = this.#nowUs();
    if (this.#nothingToSend(nowUs)) return;
    while (this.#dueUs(this.#due) <= nowUs) {
      this.tally.countDue(nowUs - this.#dueUs(this.#due));
      const lane = this.#lanes[connectionOf(this.#due, this.#lanes.length)];
      this.#due++;
      if (lane === undefined || lane.connection.room === 0) {
        this.tally.waitedForConnection++;
        continue;
      }
      this.#advance(lane);
      if (!lane.touched) this.#touched.push(lane);
      lane.touched = true;
    }
    for (const lane of this.#touched) {
      lane.touched = false;
      lane.connection.flush();
    }
    this.#touched.length = 0;
  }

  #nothingToSend(nowUs: number): boolean {
    return (
      this.#stopped || this.tally.sent + this.tally.shed === this.#count || nowUs >= this.#endUs
    );
  }

  /** Sends what is due on the lane, as far as its connection has room. */
  #advance(lane: Lane): void {
    while (lane.next < this.#due && lane.connection.room > 0) {
      const nowMs = performance.now();
      const nowUs = (nowMs - this.#startMs) * 1000;
      if (this.#nothingToSend(nowUs)) return;
      const local = lane.next;
      lane.next += this.#lanes.length;
      const dueAtUs = this.#dueUs(local);
      if (nowUs - dueAtUs > this.#maxWaitUs) {
        this.tally.shed++;
        continue;
      }
      this.#send(lane, local, nowMs);
      this.tally.countSent(nowUs, dueAtUs);
      this.#series.countSent(nowUs, nowUs - dueAtUs);
    }
  }

  /** The requests that the lane has not come to. */
  #remaining(lane: Lane): number {
    return Math.max(0, Math.ceil((this.#count - lane.next) / this.#lanes.length));
  }

  #send(lane: Lane, local: number, nowMs: number): void {
    const { bytes, offsets } = this.#book;
    const slot = this.#slotOf(local);
    const start = offsets[slot] ?? 0;
    this.#inFlight++;
    lane.connection.send(bytes, start, offsets[slot + 1] ?? start, local, nowMs);
  }

  #conclude(local: number, answer: Answer, sentAtMs: number): void {
    const nowUs = this.#nowUs();
    const sentUs = (sentAtMs - this.#startMs) * 1000;
    const latencyUs = nowUs - this.#dueUs(local);
    this.#inFlight--;
    const spans = { latencyUs, serviceUs: nowUs - sentUs };
    this.tally.countOutcome(answer.outcome, spans, "reason" in answer ? answer.reason : undefined);
    this.#series.countAnswer(nowUs, answer.outcome, latencyUs);
    const slot = this.#slotOf(local);
    this.told.record(slot, answer, sentUs, nowUs);
    if ("rank" in answer && this.#credentials[slot] !== VALID) this.#intrudersServed++;
    this.#latency.count(answer.outcome, latencyUs);
  }

  /** How many arrivals the worker has. */
  get #count(): number {
    return this.#dueTimesUs.length;
  }

  #slotOf(local: number): number {
    return this.#slots[local] ?? 0;
  }

  #dueUs(local: number): number {
    return this.#dueTimesUs[local] ?? Number.POSITIVE_INFINITY;
  }

  #nowUs(): number {
    return (performance.now() - this.#startMs) * 1000;
  }

  /** @param untilUs how far the series is told */
  #reportProgress(untilUs: number): void {
    const { sent, shed, outcomes } = this.tally;
    const counts = { due: this.#due, sent, shed, outcomes: { ...outcomes } };
    this.#onProgress({
      ...counts,
      latency: this.#latency.toRecord(),
      duplicates: this.told.duplicates,
      intrudersServed: this.#intrudersServed,
      firstSoldOutUs: this.told.firstSoldOutUs,
      lastIssuedSentUs: this.told.lastIssuedSentUs,
      ...this.#series.takeFinished(untilUs),
    });
  }
}
