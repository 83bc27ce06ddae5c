/**
 * The exit codes of every command, in one place. Documented in docs/exit-codes.md.
 * 3, 4 and 5 are the verdicts of `verify` and `simulate`; correctness outranks the others.
 */
export const EXIT = {
  ok: 0,
  /** The work could not be done: a database, a Redis or a network that does not answer, a bug. */
  failed: 1,
  /** The command line or a setting is wrong; nothing was done. */
  usage: 2,
  /** `simulate`: a threshold given with --expect was missed. */
  expectationMissed: 3,
  /** `verify`, `simulate`, `demo`: an invariant does not hold. */
  incorrect: 4,
  /** `simulate`, `demo`: the generator could not hold the rate, so the figures judge nothing. */
  invalid: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * An error the person at the terminal can act on. `main.ts` prints its message as one line and
 * exits with its code; any other error is a bug or a broken dependency.
 */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.usage) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}
