import { nearest } from "../../config/nearest.ts";
import { CliError, notFound } from "../cli-error.ts";
import { commonText } from "../messages/common.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"schema">): Promise<void> {
  const schema = await schemaOf(context);
  context.result(schema, () => JSON.stringify(schema, null, 2));
}

async function schemaOf({ args, t }: Pick<ContextOf<"schema">, "args" | "t">): Promise<unknown> {
  const { what: name = "commands" } = args;
  if (name === "config") return (await import("../../config/keys.ts")).configJsonSchema();
  if (name === "policy") return (await import("../../config/policy-file.ts")).policyJsonSchema();
  if (name === "commands") return (await import("../command-schema.ts")).commandSchemas();
  const syscalls = await syscallSchemas();
  if (name === "syscalls") return syscalls;
  if (Object.hasOwn(syscalls, name)) return syscalls[name];
  const near = nearest(name, ["commands", "config", "policy", "syscalls", ...Object.keys(syscalls)]);
  throw new CliError(notFound, t(commonText.noSchema, { name }), {
    hint: near ? t(commonText.didYouMean, { name: `aios schema ${near}` }) : t(commonText.noSchemaHint),
  });
}

async function syscallSchemas(): Promise<Readonly<Record<string, unknown>>> {
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
