/** Answers counted by class of route and status, as plain numbers. */

export type RouteClass =
  | "claims"
  | "events"
  | "live"
  | "auth"
  | "members"
  | "coupons"
  | "admin"
  | "health"
  | "other";

export interface RequestCount {
  readonly labels: { readonly route: RouteClass; readonly status: string };
  readonly value: number;
}

export class RequestCounts {
  readonly #counts = new Map<string, RequestCount>();

  count(route: RouteClass, status: number): void {
    const key = `${route} ${status}`;
    const value = (this.#counts.get(key)?.value ?? 0) + 1;
    this.#counts.set(key, { labels: { route, status: String(status) }, value });
  }

  /** Every class and status that has occurred. */
  values(): Iterable<RequestCount> {
    return this.#counts.values();
  }
}
