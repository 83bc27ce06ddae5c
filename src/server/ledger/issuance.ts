/** A row of the ledger on its way to SQL. */
export interface IssuanceRow {
  readonly eventId: string;
  readonly rank: number;
  readonly memberId: string;
  readonly code: string;
  readonly windowId: number;
  readonly issuedAtMs: number;
}
