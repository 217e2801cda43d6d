import { errnoTable, specOf, syscallTable } from "../../packages/sdk/src/protocol.ts";
import type { SyscallName } from "../../packages/sdk/src/protocol.ts";
import { openapiDocument } from "../../packages/aios/src/server/openapi.ts";
import { code, generated, table } from "./markdown.ts";
import { typeText } from "./schema-text.ts";
import type { Names, Schema } from "./schema-text.ts";

/** What of the OpenAPI document is read here. */
interface Operation {
  readonly post: {
    readonly requestBody: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
    readonly responses: {
      readonly 200: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
    };
  };
}

/** docs/reference/syscalls.md, from the syscall table. */
export function syscallsPage(): string {
  const names = Object.keys(syscallTable) as SyscallName[];
  const { paths, components } = openapiDocument({ version: "" }) as {
    paths: Readonly<Record<string, Operation>>;
    components: { schemas: { Usage: Schema; Timing: Schema } };
  };
  const operation = (name: SyscallName): Operation => paths[`/v1/syscalls/${name}`] as Operation;
  const shapes = namesOf({
    ...components.schemas,
    Limit: argsOf(operation("proc.limits")).properties?.["limits"]?.items,
    Exit: resultOf(operation("proc.wait")),
    Process: resultOf(operation("proc.show")),
    Account: resultOf(operation("budget.show")).properties?.["accounts"]?.items,
  });
  const devices = [...new Set(names.map(deviceOf))];
  const sections = devices.flatMap((device) => [
    `## ${device}`,
    ...names.filter((name) => deviceOf(name) === device).map((name) => syscallText(name, operation(name), shapes)),
  ]);
  return `${[generated, intro, summary(names), ...sections, shapesText(shapes), errorsText()].join("\n\n")}\n`;
}

const argsOf = ({ post }: Operation): Schema => post.requestBody.content["application/json"].schema;
const resultOf = ({ post }: Operation): Schema =>
  post.responses[200].content["application/json"].schema.properties?.["result"] ?? {};

/** What stands in more than one syscall, by its text; the later ones are made of the earlier ones. */
function namesOf(named: Readonly<Record<string, Schema | undefined>>): Names {
  const names = new Map<string, string>();
  for (const [name, schema] of Object.entries(named)) if (schema) names.set(typeText(schema, { names }), name);
  return names;
}

const shapesText = (shapes: Names): string =>
  `## Shapes

Every result comes with its \`Usage\` and \`Timing\`.

${typescript(...[...shapes].map(([text, name]) => `type ${name} = ${text}`))}`;

const deviceOf = (name: string): string => name.slice(0, name.indexOf("."));
const typescript = (...lines: readonly string[]): string => `\`\`\`ts\n${lines.join("\n")}\n\`\`\``;

const intro = `# Syscalls

A syscall is the only way to ask the kernel for anything. Each is reached by \`client.device.verb(args)\` of the sdk, by \`POST /v1/syscalls/device.verb\` (JSON, or its events with \`Accept: text/event-stream\`) and by \`aios call device.verb '{…}'\`. Its name is also the capability that a key or a program needs (\`llm.*\` and the like cover a device).

*Effect* says what happens when a call is made twice: \`pure\` changes nothing, \`idempotent\` changes the same thing once, \`unsafe\` may do it again, so its intent is durable before it runs. A *view* is answered at once from the kernel's tables and leaves no record. An *administrative* call is refused under a process's key.`;

const summary = (names: readonly SyscallName[]): string =>
  table(
    ["syscall", "does", "effect", ""],
    names.map((name) => {
      const { doc, effect, isView, isAdministrative } = specOf(name);
      const anchor = name.replaceAll(/[^a-z]/gi, "").toLowerCase();
      const marks = [isView && "view", isAdministrative && "administrative"].filter(Boolean).join(", ");
      return [`[\`${name}\`](#${anchor})`, doc, effect, marks];
    }),
  );

function syscallText(name: SyscallName, operation: Operation, names: Names): string {
  const { doc } = specOf(name);
  const [args, result] = [argsOf(operation), resultOf(operation)].map((schema) => typeText(schema, { names }));
  return `### ${name}\n\n${doc}\n\n${typescript(`args: ${args}`, `result: ${result}`)}`;
}

const errorsText = (): string => `## Errors

The native door answers with RFC 9457 problem+json; \`code\` is one of these. *Retry* says whether the same request may succeed when it is sent again; *exit* is the exit code of the command line.

${table(
  ["code", "HTTP", "retry", "exit", "meaning"],
  Object.entries(errnoTable).map(([name, { status, retryable, exit, en }]) => [
    code(name),
    String(status),
    retryable ? "yes" : "",
    String(exit),
    en,
  ]),
)}`;
