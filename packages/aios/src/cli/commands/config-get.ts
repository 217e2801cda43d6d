import { placeOf, valueAt } from "../../config/path.ts";
import { settingText } from "../setting-text.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"config get">): Promise<void> {
  const { config, warnings } = await context.config();
  for (const warning of warnings) context.say(warning);
  const { key } = context.args;
  const value = key === undefined ? config : valueAt(config, placeOf(key, config).path);
  const { stringify } = await import("yaml");
  context.result(value ?? null, () =>
    typeof value === "object" && value !== null ? stringify(value).trimEnd() : settingText(value),
  );
}
