/**
 * Group commit: what is decided while one commit is under way goes together into the next one, so
 * that the cost of a disk flush is shared by all who wait for it.
 */

interface Group<Row> {
  readonly rows: Row[];
  readonly done: PromiseWithResolvers<void>;
}

export class GroupCommit<Row> {
  private next: Group<Row> | undefined;
  private current: Group<Row> | undefined;

  /**
   * @param commit writes rows durably, all or none
   * @param onFailure called before anyone is told, so that what was decided can be forgotten
   */
  constructor(
    private readonly commit: (rows: readonly Row[]) => Promise<void>,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /**
   * Adds rows (or none) and resolves when these and all rows added before are durable. When a
   * commit fails, everyone whose rows were in it or behind it is rejected: ranks behind a lost
   * one would leave a gap.
   */
  add(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return this.next?.done.promise ?? this.current?.done.promise ?? resolved;
    if (this.next === undefined) {
      this.next = { rows: [], done: Promise.withResolvers<void>() };
      // The rejection reaches those who wait; a group nobody waits for any more is no crash.
      this.next.done.promise.catch(() => undefined);
    }
    const group = this.next;
    for (const row of rows) group.rows.push(row);
    if (this.current === undefined) void this.run();
    return group.done.promise;
  }

  /** Resolves when nothing is under way, whether it went well or not. */
  async idle(): Promise<void> {
    while (this.current !== undefined || this.next !== undefined) {
      await (this.next ?? this.current)?.done.promise.catch(() => undefined);
    }
  }

  private async run(): Promise<void> {
    while (this.next !== undefined) {
      const group = this.next;
      this.current = group;
      this.next = undefined;
      try {
        await this.commit(group.rows);
        group.done.resolve();
      } catch (error) {
        const behind = this.takeNext();
        this.onFailure(error);
        group.done.reject(error);
        behind?.done.reject(error);
      }
    }
    this.current = undefined;
  }

  private takeNext(): Group<Row> | undefined {
    const behind = this.next;
    this.next = undefined;
    return behind;
  }
}

const resolved = Promise.resolve();
