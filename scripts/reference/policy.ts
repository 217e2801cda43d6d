import { policyJsonSchema } from "../../packages/aios/src/config/policy-file.ts";
import { code, generated, table } from "./markdown.ts";
import { typeText } from "./schema-text.ts";
import type { Schema } from "./schema-text.ts";

/** docs/reference/policy.md, from the schema of policy.yaml. */
export function policyPage(): string {
  const { properties = {} } = policyJsonSchema() as Schema;
  const sections = Object.entries(properties).map(([name, section]) => {
    const said = section.description === undefined ? "" : `${section.description}\n\n`;
    return `## ${name}\n\n${said}${table(["key", "type", "default", "meaning"], rowsOf(name, { ...section, description: "" }))}`;
  });
  return `${[generated, intro, ...sections].join("\n\n")}\n`;
}

const intro = `# The policy file

\`policy.yaml\` in the home, or what \`policy.file\` of \`config.yaml\` names: what agents may call, and how. [How one is written, tried and explained](../how-to/policy.md). \`aios schema policy\` prints this page as JSON Schema, for editors; \`aios policy check\` names what is wrong with a file, with its line and the nearest thing that exists.

\`NAME\` stands for a key of your own.`;

/** A key and, below it, what it holds. */
function rowsOf(name: string, schema: Schema): string[][] {
  const { properties, additionalProperties: others, items, description = "" } = schema;
  const shown = code(JSON.stringify(schema.default) ?? "");
  if (properties) {
    const inner = Object.entries(properties).flatMap(([word, child]) => rowsOf(`${name}.${word}`, child));
    return description === "" ? inner : [[code(name), "table", shown, description], ...inner];
  }
  if (typeof others === "object") {
    const inner = rowsOf(`${name}.NAME`, others);
    return description === "" ? inner : [[code(name), "table", shown, description], ...inner];
  }
  const kinds = items?.anyOf ?? (items?.properties ? [items] : []);
  if (kinds.length > 0)
    return [
      ...(description === "" ? [] : [[code(name), "list", shown, description]]),
      ...kinds.flatMap((kind) => rowsOf(`${name}[]`, { ...kind, description: "" })),
    ];
  return [[code(name), code(typeText(schema).replaceAll(/\s+/g, " ")), shown, description]];
}
