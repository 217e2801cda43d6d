import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"schema">): Promise<void> {
  const schema = await schemaOf(context.args.what ?? "commands");
  context.result(schema, () => JSON.stringify(schema, null, 2));
}

async function schemaOf(what: "commands" | "config" | "syscalls"): Promise<unknown> {
  if (what === "config") return (await import("../../config/keys.ts")).configJsonSchema();
  if (what === "commands") return (await import("../command-schema.ts")).commandSchemas();
  const [{ syscallTable }, { z }] = await Promise.all([import("@aiosjs/sdk"), import("zod")]);
  return Object.fromEntries(
    Object.entries(syscallTable).map(([name, { args, result, effect, doc }]) => [
      name,
      {
        doc,
        effect,
        args: z.toJSONSchema(args, { io: "input" }),
        result: z.toJSONSchema(result, { unrepresentable: "any" }),
      },
    ]),
  );
}
