/** What is done when a person will not wait for the orderly end of a run. */

/**
 * The acts that are left to do when the program is about to be ended by a second signal. They
 * cannot await anything, so they are few: the rest goes with the process.
 */
export class LastResort {
  readonly #acts: (() => void)[] = [];

  /** The act must be right whenever it is done, also after the orderly end. */
  add(act: () => void): void {
    this.#acts.push(act);
  }

  /** Does them all, the latest first. One that fails does not keep the others from being done. */
  act(): void {
    for (const act of this.#acts.reverse()) {
      try {
        act();
      } catch {
        // The program ends in any case, and there is nobody left to tell.
      }
    }
  }
}
