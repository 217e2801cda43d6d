import { existsSync } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parse, stringify } from "yaml";
import { writeConfig } from "../../config/edit.ts";
import { translateFile } from "../../config/import.ts";
import { predecessorNames, predecessorOf } from "../../config/predecessor.ts";
import { isSqliteFile } from "../../config/predecessor-storage.ts";
import { withStoredEnv } from "../../config/secrets.ts";
import type { Translation } from "../../config/translation.ts";
import { CliError, conflict } from "../cli-error.ts";
import { configText } from "../messages/config.ts";
import { pad, widthOf } from "../../tui/width.ts";
import type { ContextOf } from "../registry.ts";
import { importStorageFile } from "../import-storage-file.ts";

type Context = ContextOf<"config import">;

export async function run(context: Context): Promise<void> {
  const { args, options, home, t, cwd } = context;
  const path = resolve(cwd, args.file);
  if (await isSqliteFile(path)) return importStorageFile(path, { isDryRun: options.dryRun }, context);
  const translation = await translateFile(path);
  const file = home.file("config.yaml");
  const text = yamlOf(translation, path);
  const data = { ...translation, file, isWritten: !options.dryRun };
  if (options.dryRun) {
    context.say(reportText(translation, path, context));
    context.result(data, () => text);
    return;
  }
  // An old file that lies where ours belongs is what the person wants to be rid of.
  const hasBackup = existsSync(file);
  if (hasBackup && !options.force && predecessorOf(parse(await readFile(file, "utf8"))) === undefined)
    throw new CliError(conflict, t(configText.exists, { file }), { hint: t(configText.existsHint) });
  if (hasBackup) await copyFile(file, `${file}.bak`);
  await writeConfig(home, text);
  context.result(data, () => reportText(translation, path, context));
  context.say(t(configText.wrote, { file }));
  if (hasBackup) context.say(t(configText.backup, { file: `${file}.bak` }));
}

function yamlOf({ config, unmapped }: Translation, path: string): string {
  const rest = unmapped.map(({ key, reason }) => `#   ${key}: ${reason}\n`).join("");
  return `# Translated from ${path} by aios config import.\n${rest && `# Without a counterpart:\n${rest}`}${stringify(config)}`;
}

function reportText(
  { from, mapped, unmapped, variables }: Translation,
  path: string,
  { t, paint, home, env }: Context,
): string {
  const width = Math.max(0, ...[...mapped.map((each) => each.from), ...unmapped.map(({ key }) => key)].map(widthOf));
  const kept = withStoredEnv(env, home.dir);
  return [
    t(configText.importedFrom, { path, system: predecessorNames[from] }),
    ...(mapped.length === 0 ? [] : ["", paint.strong(t(configText.mapped))]),
    ...mapped.map((each) => `  ${pad(each.from, width)}  ${paint.good("→")} ${each.to}`),
    ...(unmapped.length === 0 ? [] : ["", paint.strong(t(configText.unmapped))]),
    ...unmapped.map(({ key, reason }) => `  ${pad(key, width)}  ${paint.dim(reason)}`),
    ...(variables.length === 0 ? [] : ["", paint.strong(t(configText.variables))]),
    ...variables.map((name) => `  aios env set ${name}${kept[name] ? paint.dim(`  ${t(configText.isSet)}`) : ""}`),
  ].join("\n");
}
