/** The flags of the settings, as `serve` and `config` offer them. */
import type { Command } from "commander";
import { SETTINGS, type Setting } from "../settings.ts";

/** Adds the flag of every setting that has one. */
export function addSettingOptions(command: Command): Command {
  for (const setting of Object.values<Setting<string | number>>(SETTINGS)) {
    if (setting.flag === undefined) continue;
    const standard = setting.default === undefined ? "" : `; default: ${setting.default}`;
    command.option(setting.flag, `${setting.description} (${setting.variable}${standard})`);
  }
  return command;
}
