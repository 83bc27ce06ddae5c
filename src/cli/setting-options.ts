/** The flags of the settings, as commands offer them. */
import type { Command } from "commander";
import { SETTINGS, type Setting, type SettingName } from "../settings.ts";

/** Adds the flags of these settings, or of all, as far as they have one. */
export function addSettingOptions(command: Command, only?: readonly SettingName[]): Command {
  const settings: readonly Setting<string | number>[] =
    only?.map((name) => SETTINGS[name]) ?? Object.values(SETTINGS);
  for (const setting of settings) {
    if (setting.flag === undefined) continue;
    const standard = setting.default === undefined ? "" : `; default: ${setting.default}`;
    command.option(setting.flag, `${setting.description} (${setting.variable}${standard})`);
  }
  return command;
}
