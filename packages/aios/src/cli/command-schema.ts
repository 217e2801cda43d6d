import type { ArgumentSpec, CommandRow, OptionSpec } from "./registry.ts";
import { commands, flagOf, globalOptions } from "./registry.ts";

/** Every command as data: what it takes as JSON Schema, what it does to the system, what it is called besides. */
export function commandSchemas(): unknown {
  return {
    commands: (commands as readonly CommandRow[])
      .filter((row) => !row.isHidden)
      .map((row) => ({
        path: row.path,
        group: row.group,
        effect: row.effect,
        summary: row.summary,
        aliases: row.aliases ?? [],
        args: objectOf(
          (row.args ?? []).map(argumentSchema),
          row.args?.filter((each) => !each.isOptional),
        ),
        options: objectOf((row.options ?? []).map(optionSchema)),
        takesRest: row.hasRest ?? false,
        examples: row.examples ?? [],
      })),
    globalOptions: objectOf(globalOptions.map(optionSchema)),
  };
}

type Entry = readonly [name: string, schema: object];

function objectOf(entries: readonly Entry[], required: readonly ArgumentSpec[] = []): object {
  return {
    type: "object",
    properties: Object.fromEntries(entries),
    ...(required.length === 0 ? {} : { required: required.map(({ name }) => name) }),
    additionalProperties: false,
  };
}

const types = { text: "string", integer: "integer", number: "number", flag: "boolean" } as const;

function argumentSchema({ name, kind = "text", isVariadic, choices, summary }: ArgumentSpec): Entry {
  const one = { type: types[kind], ...(choices ? { enum: choices } : {}) };
  return [name, { ...(isVariadic ? { type: "array", items: one } : one), description: summary.en }];
}

function optionSchema(option: OptionSpec): Entry {
  const { name, kind, short, choices, min, max, summary } = option;
  const one = { type: types[kind === "list" ? "text" : kind], ...(choices ? { enum: choices } : {}) };
  return [
    name,
    {
      ...(kind === "list" ? { type: "array", items: one } : one),
      description: summary.en,
      ...(min === undefined ? {} : { minimum: min }),
      ...(max === undefined ? {} : { maximum: max }),
      ...(option.default === undefined ? {} : { default: option.default }),
      "x-flag": flagOf(option),
      ...(short ? { "x-short": `-${short}` } : {}),
    },
  ];
}
