import { configKeys } from "../../config/keys.ts";
import { valueAt } from "../../config/path.ts";
import { loadProject } from "../../config/project.ts";
import { configText } from "../messages/config.ts";
import type { ContextOf } from "../registry.ts";
import { settingText, sourceText } from "../setting-text.ts";
import { table } from "../table.ts";

export async function run(context: ContextOf<"config ls">): Promise<void> {
  const { t, cwd, paint } = context;
  const { config, sources, warnings } = await context.config();
  const project = loadProject(cwd);
  for (const warning of [...warnings, ...project.warnings]) context.say(warning);
  const settings = configKeys()
    .map(({ key }) => ({ key, value: valueAt(config, key.split(".")), source: sources.get(key) }))
    .filter(({ source }) => !context.options.changed || source !== undefined);
  const { agent, model, limits } = project;
  const narrowed = { agent, model, limits };
  context.result(
    {
      settings: settings.map(({ key, value, source }) => ({
        key,
        value,
        layer: source?.layer ?? "default",
        where: source?.where ?? null,
      })),
      project: project.path === undefined ? null : { path: project.path, ...narrowed },
    },
    () =>
      [
        table(
          settings,
          [
            { title: t(configText.key), text: ({ key }) => key, rank: 0 },
            { title: t(configText.value), text: ({ value }) => settingText(value), rank: 0, least: 12 },
            {
              title: t(configText.from),
              text: ({ source }) => sourceText(source, context),
              rank: 1,
              least: 10,
              paint: (text, { source }) => (source ? paint.good(text) : paint.dim(text)),
            },
          ],
          context,
        ),
        ...(project.path === undefined
          ? []
          : [
              "",
              t(configText.project, { path: project.path }),
              ...Object.entries(narrowed)
                .filter(([, value]) => value !== undefined)
                .map(([key, value]) => `  ${key}  ${settingText(value)}`),
            ]),
      ].join("\n"),
  );
}
