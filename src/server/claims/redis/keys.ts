/** The keys of an event in Redis; the braces keep them in one hash slot. */
export interface EventKeys {
  readonly state: string;
  readonly members: string;
  readonly windows: string;
  readonly stream: string;
  /** Stream entries that contradict the ledger, kept for whoever looks into it. */
  readonly contradictions: string;
}

/** The names of an event's keys, described in claim-batch.lua. */
export function eventKeys(eventId: string): EventKeys {
  const prefix = `couponlive:{${eventId}}`;
  return {
    state: `${prefix}:state`,
    members: `${prefix}:members`,
    windows: `${prefix}:windows`,
    stream: `${prefix}:stream`,
    contradictions: `${prefix}:contradictions`,
  };
}
