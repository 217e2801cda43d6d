import { configJsonSchema, configKeys } from "../../packages/aios/src/config/keys.ts";
import { providerVariables } from "../../packages/aios/src/config/providers.ts";
import { code, generated, table } from "./markdown.ts";
import { rangeText, typeText } from "./schema-text.ts";
import type { Schema } from "./schema-text.ts";

/** docs/reference/configuration.md, from the one schema. */
export function configurationPage(): string {
  const schema = configJsonSchema() as Schema;
  const sections = Object.entries(schema.properties ?? {}).flatMap(([name, section]) => [
    `## ${name}`,
    section.properties ? keyTable(name) : `${section.description ?? ""}\n\n${keyTable(name)}`,
    ...(name === "llms" ? [coresText(section)] : []),
    ...(name === "budgets" ? [membersText(section.additionalProperties as Schema)] : []),
  ]);
  return `${[generated, intro, ...sections, variablesText()].join("\n\n")}\n`;
}

const intro = `# Configuration

\`config.yaml\` in the home (\`AIOS_HOME\`, \`--home\`; default: the platform's data directory). Every key is optional.

The first of these that says something wins: a flag of the command line, the variable of the environment, \`config.yaml\`, the default. \`aios config explain KEY\` tells which one did. Variables stand for plain values only; lists and tables are set in the file.

An unknown key is an error that names the file, the line and the nearest known key. A secret is always a reference, \`env:NAME\` or \`file:PATH\`; a key that is written into the file is refused. \`aios config set KEY VALUE\` keeps comments and writes nothing unless the whole file is right afterwards; \`aios refresh\` makes a running kernel read it again (\`server\`, \`journal\` and \`files\` need \`aios restart\`).

\`aios config import FILE\` translates the \`config.yaml\` of agiresearch/AIOS and of yangfei222666-9/aios. \`aios schema config\` prints this page as JSON Schema, for editors.

A project may have an \`aios.config.yaml\` (or \`.json\`): it is read by the client in that folder, and only \`agent\`, \`model\` and \`limits\` count there; everything else is ignored with a warning, so that a cloned repository cannot redirect a key or run code.`;

function keyTable(section: string): string {
  const schema = configJsonSchema() as Schema;
  return table(
    ["key", "variable", "type", "default", "meaning"],
    configKeys()
      .filter(({ key }) => key === section || key.startsWith(`${section}.`))
      .map((setting) => [
        code(setting.key),
        code(setting.env ?? ""),
        typeCell(schemaAt(schema, setting.key)),
        code(JSON.stringify(setting.default) ?? ""),
        setting.doc,
      ]),
  );
}

function schemaAt(schema: Schema, key: string): Schema {
  let at = schema;
  for (const word of key.split(".")) at = at.properties?.[word] ?? {};
  return at;
}

/** On one line; what a list or table holds is told below the table. */
function typeCell(schema: Schema): string {
  const range = rangeText(schema);
  const isLarge = schema.type === "array" && (schema.items?.properties ?? schema.items?.anyOf) !== undefined;
  if (isLarge) return "list";
  if (schema.type === "object" && typeof schema.additionalProperties === "object")
    return schema.additionalProperties.type === "array" ? "table of lists" : code(typeText(schema));
  return `${code(typeText(schema).replaceAll(/\s+/g, " "))}${range ? `, ${range}` : ""}`;
}

function coresText(llms: Schema): string {
  const core = llms.properties?.["cores"]?.items ?? {};
  const members = Object.entries(core.properties ?? {}).flatMap(([name, member]) => memberRows(name, member));
  return `### A core

One entry of \`llms.cores\`; on the command line it is named by its name: \`aios config set llms.cores.openai.limits.requestsPerMinute 300\`. \`aios llm add\` writes one.

${table(["member", "type", "default", "meaning"], members)}

\`\`\`yaml
llms:
  cores:
    - name: openai
      kind: openai
      apiKey: env:OPENAI_API_KEY
      models: [gpt-4o-mini, { id: gpt-4o, price: { input: 2.5, output: 10 } }]
      limits: { requestsPerMinute: 300, inputTokensPerMinute: 200000, concurrency: 16 }
    - { name: gpu, kind: vllm, baseUrl: [http://10.0.0.1:8000/v1, http://10.0.0.2:8000/v1] }
  aliases: { fast: openai/gpt-4o-mini, "*": auto }
\`\`\``;
}

/** A member and, below it, what it holds. */
function memberRows(name: string, member: Schema): string[][] {
  const doc = member.description ?? "";
  const inner = member.properties
    ? Object.entries(member.properties).flatMap(([word, child]) => memberRows(`${name}.${word}`, child))
    : [];
  const type = member.properties ? "table" : typeCell(member);
  const models = member.type === "array" ? member.items?.anyOf?.find(({ properties }) => properties) : undefined;
  const perItem = Object.entries(models?.properties ?? {}).flatMap(([word, child]) =>
    memberRows(`${name}[].${word}`, child),
  );
  const shown = code(JSON.stringify(member.default) ?? "");
  return [[code(name), perItem.length > 0 ? "list of names or tables" : type, shown, doc], ...inner, ...perItem];
}

/** What an entry of a table of lists holds. */
const membersText = ({ items }: Schema): string =>
  table(
    ["member", "type", "default", "meaning"],
    Object.entries(items?.properties ?? {}).flatMap(([name, member]) => memberRows(name, member)),
  );

const variablesText = (): string => `## Variables of the providers

\`aios env ls\` tells which are set; \`aios env set NAME\` keeps one for the home (in the file \`env\`, mode 0600), behind the variable of the same name in the shell.

${table(
  ["variable", "provider", "secret", "used by"],
  providerVariables.map(({ name, provider, isSecret, core }) => [
    code(name),
    provider,
    isSecret ? "yes" : "no",
    core === undefined ? "" : code(`aios llm add ${core}`),
  ]),
)}`;
