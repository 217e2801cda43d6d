import type { ResultOf } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { builtinTool } from "./builtin-tool.ts";
import type { BuiltinTool } from "./builtin-tool.ts";

/** Characters of a file that a model is shown at once; more would crowd out what it was asked. */
const maxShown = 60_000;

/** Every model pays for each word of it, in each of its calls. */
const path = z.string().min(1).describe("in your own folder: notes/plan.md");

/** The syscalls of the fs device in a form that models know; each is a nested syscall of the same process. */
export const fileTools: readonly BuiltinTool[] = [
  builtinTool({
    name: "file_read",
    description: `Read a text file. Long files come in pieces of up to ${maxShown} characters.`,
    parameters: z.strictObject({
      path,
      offset: z.number().int().nonnegative().optional().describe("character to start from; 0 when absent"),
    }),
    effect: "pure",
    async run({ path, offset = 0 }, context) {
      const { content } = (await context.syscall("fs.read", { path })) as ResultOf<"fs.read">;
      const shown = content.slice(offset, offset + maxShown);
      const rest = content.length - offset - shown.length;
      return rest > 0 ? `${shown}\n[${rest} more characters; go on with offset ${offset + shown.length}]` : shown;
    },
  }),
  builtinTool({
    name: "file_write",
    description: "Write a text file, whole: what was there is replaced. Folders are made as needed.",
    parameters: z.strictObject({ path, content: z.string() }),
    effect: "idempotent",
    async run({ path, content }, context) {
      const { sizeBytes } = (await context.syscall("fs.write", { path, content })) as ResultOf<"fs.write">;
      return `wrote ${sizeBytes} bytes to ${path}`;
    },
  }),
  builtinTool({
    name: "file_list",
    description: "List a folder: one name per line with its size. /shared is everybody's, /groups/NAME a group's.",
    parameters: z.strictObject({ path: path.optional().describe("a folder; your own folder itself when absent") }),
    effect: "pure",
    async run({ path = "." }, context) {
      const { entries } = (await context.syscall("fs.list", { path })) as ResultOf<"fs.list">;
      if (entries.length === 0) return "(empty)";
      return entries
        .map(({ name, kind, sizeBytes }) =>
          kind === "folder" ? `${name}/` : kind === "file" ? `${name} (${sizeBytes} bytes)` : `${name} (not a file)`,
        )
        .join("\n");
    },
  }),
  builtinTool({
    name: "file_remove",
    description: "Remove a file or an empty folder. A person can bring it back.",
    parameters: z.strictObject({ path }),
    effect: "idempotent",
    async run({ path }, context) {
      await context.syscall("fs.remove", { path });
      return `removed ${path}`;
    },
  }),
];
