import { configKeys, typeTextOf } from "../../config/keys.ts";
import type { Layer } from "../../config/layers.ts";
import { placeOf, valueAt } from "../../config/path.ts";
import { pad, widthOf, wrap } from "../../tui/width.ts";
import { configText } from "../messages/config.ts";
import type { ContextOf } from "../registry.ts";
import { layerText, settingText } from "../setting-text.ts";

export async function run(context: ContextOf<"config explain">): Promise<void> {
  const { args, t, paint, home } = context;
  const [{ config, sources }, { readStoredEnv }] = await Promise.all([
    context.config(),
    import("../../config/secrets.ts"),
  ]);
  const { path, schema } = placeOf(args.key, config);
  const known = configKeys().find(({ key }) => path.join(".") === key || path.join(".").startsWith(`${key}.`));
  const isWhole = known?.key === path.join(".");
  const winner: Layer = (known && sources.get(known.key)?.layer) ?? "default";
  const variable = isWhole ? known.env : undefined;
  const inFile = await fileValue(home.file("config.yaml"), path);
  const said = variable === undefined ? undefined : (context.env[variable] ?? readStoredEnv(home.dir)[variable]);
  const layers = [
    { layer: "env" as const, where: variable ?? null, value: said },
    { layer: "home" as const, where: home.file("config.yaml"), value: inFile },
    { layer: "default" as const, where: null, value: isWhole ? known.default : schema.default },
  ];
  const doc = schema.description ?? (isWhole ? known.doc : "");
  const explained = {
    key: path.join("."),
    value: valueAt(config, path) ?? null,
    layer: winner,
    where: (known && sources.get(known.key)?.where) ?? null,
    type: typeTextOf(schema),
    variable: variable ?? null,
    doc,
    layers,
  };
  context.result(explained, () => {
    const labels = layers.map(({ layer }) => layerText(layer, context));
    const labelWidth = Math.max(...[...labels, t(configText.type)].map(widthOf));
    const lines = layers.map(({ layer, where, value }, index) => {
      const place = layer === "env" ? (where ?? t(configText.noneHere)) : layer === "home" ? (where ?? "") : "";
      const shown = value === undefined ? paint.dim(t(configText.notSet)) : settingText(value);
      const isWinner = layer === winner;
      const label = pad(labels[index]!, labelWidth);
      return `  ${isWinner ? paint.good(label) : paint.dim(label)}  ${shown}${place ? paint.dim(`  ${place}`) : ""}${isWinner ? `  ${paint.good(`← ${t(configText.wins)}`)}` : ""}`;
    });
    return [
      `${paint.strong(explained.key)} = ${settingText(explained.value)}`,
      ...wrap(doc, Math.min(context.width, 100)),
      "",
      `  ${paint.dim(pad(t(configText.type), labelWidth))}  ${explained.type}`,
      ...lines,
    ].join("\n");
  });
}

async function fileValue(file: string, path: readonly (string | number)[]): Promise<unknown> {
  const { existsSync, readFileSync } = await import("node:fs");
  if (!existsSync(file)) return undefined;
  const { parse } = await import("yaml");
  return valueAt(parse(readFileSync(file, "utf8")), path);
}
