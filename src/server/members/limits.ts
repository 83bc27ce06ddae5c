/** How many accounts are read at once. Apart from what reads them, which is heavy to load. */

/** The most accounts that one page holds. */
export const MAX_MEMBERS_PAGE_ROWS = 1_000;
export const DEFAULT_MEMBERS_PAGE_ROWS = 100;
