import type { Command } from "commander";

/** Adds `couponlive demo`. */
export function addDemoCommand(_program: Command): void {}
