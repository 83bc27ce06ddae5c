/** Preloaded by `bun test` (bunfig.toml): tests start real servers, and machines may be slow. */
import { setDefaultTimeout } from "bun:test";

const TEST_LIMIT_MS = 30_000;

setDefaultTimeout(TEST_LIMIT_MS);
