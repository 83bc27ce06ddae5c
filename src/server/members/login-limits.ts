/**
 * How often passwords may be tried, and accounts made, in one process. What counts is whom the
 * attempt names and where it comes from, never whether the account exists.
 */
import { normalizeEmail } from "./account-rules.ts";
import { AttemptLimit, type AttemptLimitOptions } from "./attempt-limit.ts";

/** Failures of one address on one account: a person who has forgotten. */
export const PAIR_LIMIT = { burst: 5, refillMs: 30_000 } satisfies AttemptLimitOptions;
/** Failures of one address, whoever it tries: many people may share it. */
export const ADDRESS_LIMIT = { burst: 100, refillMs: 1_000 } satisfies AttemptLimitOptions;
/** Failures on one account, wherever from. */
export const ACCOUNT_LIMIT = { burst: 20, refillMs: 3_000 } satisfies AttemptLimitOptions;
/** Accounts made, or tried to, from one address. */
export const REGISTRATION_LIMIT = { burst: 10, refillMs: 30_000 } satisfies AttemptLimitOptions;

/** The limit of one process on registrations, by client address. */
export function registrationLimit(): AttemptLimit {
  return new AttemptLimit(REGISTRATION_LIMIT);
}

/** An attempt that was let through. It counts as failed until it is said otherwise. */
export interface LoginAttempt {
  /** The password was right: what failed from this address on this account is forgiven. */
  succeeded(): void;
  /** It was not judged. */
  undecided(): void;
}

export class LoginLimits {
  readonly #pairs = new AttemptLimit(PAIR_LIMIT);
  readonly #addresses = new AttemptLimit(ADDRESS_LIMIT);
  readonly #accounts = new AttemptLimit(ACCOUNT_LIMIT);

  /**
   * Lets an attempt through, or returns how many ms it must wait.
   *
   * An address with no failure on the account is let through whatever others tried on it: a stranger
   * elsewhere cannot lock a member out for longer than the member's own last failure counts.
   */
  begin(givenEmail: string, address: string, nowMs: number): LoginAttempt | number {
    const email = normalizeEmail(givenEmail);
    const pair = `${address} ${email}`;
    const waitMs = Math.max(
      this.#addresses.waitMs(address, nowMs),
      this.#pairs.waitMs(pair, nowMs),
      this.#pairs.isFresh(pair, nowMs) ? 0 : this.#accounts.waitMs(email, nowMs),
    );
    if (waitMs > 0) return waitMs;
    this.#addresses.count(address, nowMs);
    this.#pairs.count(pair, nowMs);
    this.#accounts.count(email, nowMs);
    const giveBack = () => {
      this.#addresses.giveBack(address);
      this.#accounts.giveBack(email);
    };
    return {
      succeeded: () => {
        giveBack();
        this.#pairs.forget(pair);
      },
      undecided: () => {
        giveBack();
        this.#pairs.giveBack(pair);
      },
    };
  }
}
