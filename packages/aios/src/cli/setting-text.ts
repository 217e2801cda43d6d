import type { Layer, Source } from "../config/layers.ts";
import type { CommandContext } from "./context.ts";
import { configText } from "./messages/config.ts";

/** A value on one line: text as it is, all else as JSON. */
export const settingText = (value: unknown): string =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

export function layerText(layer: Layer, { t }: Pick<CommandContext, "t">): string {
  switch (layer) {
    case "flag":
      return t(configText.layerFlag);
    case "env":
      return t(configText.layerEnv);
    case "home":
      return t(configText.layerHome);
    case "default":
      return t(configText.layerDefault);
  }
}

/** Where a value comes from, in a word or two: the variable's name, the file's line, or that it is the default. */
export const sourceText = (source: Source | undefined, context: Pick<CommandContext, "t">): string =>
  source ? source.where : layerText("default", context);

/** Settings that the kernel reads only when it starts. */
export const needsRestart = (key: string): boolean => /^(server|journal|files)(\.|$)/.test(key);
