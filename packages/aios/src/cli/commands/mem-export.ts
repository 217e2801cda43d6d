import { resolve } from "node:path";
import type { Client } from "@aiosjs/sdk";
import type { Note } from "@aiosjs/sdk/protocol";
import { memText } from "../messages/mem.ts";
import { writeNotes } from "../note-file.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"mem export">;

export async function run(context: Context): Promise<void> {
  const { args, cwd, t } = context;
  const client = await context.client();
  if (args.file === undefined) {
    for await (const note of allNotes(client, context)) context.item(note, () => JSON.stringify(note));
    return;
  }
  const file = resolve(cwd, args.file);
  let count = 0;
  const counted = async function* (): AsyncGenerator<Note> {
    for await (const note of allNotes(client, context)) {
      count++;
      yield note;
    }
  };
  await writeNotes(file, counted(), context);
  context.say(t(memText.exported, { file, count }));
  context.result({ file, notes: count }, () => file);
}

async function* allNotes(client: Client, { options, signal }: Context): AsyncGenerator<Note> {
  const within = options.namespace.length > 0 ? { namespaces: [...options.namespace] } : {};
  let page = await client.mem.export(within, { signal });
  for (;;) {
    yield* page.notes;
    if (page.next === null) return;
    page = await client.mem.export({ ...within, after: page.next }, { signal });
  }
}
