import { setSetting, unsetSetting } from "../../config/edit.ts";
import { CliError, usage } from "../cli-error.ts";
import { configText } from "../messages/config.ts";
import { needsRestart, settingText } from "../setting-text.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"config set">): Promise<void> {
  const { args, options, home, t } = context;
  const { key, value } = args;
  if (value === undefined && !options.unset)
    throw new CliError(usage, t(configText.noValue), { hint: t(configText.noValueHint, { key }) });
  const change = options.unset ? await unsetSetting(home, key) : await setSetting(home, key, value ?? "");
  const { file } = change;
  context.result(change, () => "");
  const said = options.unset
    ? t(configText.unset, { key, file })
    : t(configText.set, { key, after: settingText(change.after), file });
  const { sources } = await context.config();
  const winner = sources.get(change.key);
  context.say(said);
  if (winner?.layer === "env") context.say(t(configText.overruled, { where: winner.where }));
  if (home.kernelFile()?.url) context.say(t(needsRestart(key) ? configText.restartIt : configText.refreshIt));
}
