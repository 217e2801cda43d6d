import { resolve } from "node:path";
import { CliError, notFound } from "../cli-error.ts";
import { memText } from "../messages/mem.ts";
import { batchesOf } from "../note-batches.ts";
import { readNotes } from "../note-file.ts";
import type { ContextOf } from "../registry.ts";

/** Notes that one call takes, and characters of JSON that it is handed: a body may have 32 MiB. */
const most = 500;
const chars = 4_000_000;

export async function run(context: ContextOf<"mem import">): Promise<void> {
  const { args, options, cwd, signal, t } = context;
  const file = args.file === "-" ? "-" : resolve(cwd, args.file);
  const name = file === "-" ? "stdin" : file;
  const notes = await readNotes(file, context);
  if (notes.length === 0) throw new CliError(notFound, t(memText.noNotes, { file: name }));
  const { batches, across, links, outside } = batchesOf(notes, { most, chars });
  const client = await context.client();
  const namespace = options.namespace === undefined ? {} : { namespace: options.namespace };
  const newIds = new Map<string, string>();
  let crossed = 0;
  try {
    for (const batch of batches) {
      const { ids } = await client.mem.import({ notes: [...batch], ...namespace }, { signal });
      for (const { was, is } of ids) newIds.set(was, is);
    }
    for (const { from, to, strength, why } of across) {
      await client.mem.link({ from: newIds.get(from)!, to: newIds.get(to)!, strength, why }, { signal });
      crossed++;
    }
  } catch (cause) {
    if (newIds.size > 0) context.say(t(memText.brokeOff, { count: newIds.size, links: across.length - crossed }));
    throw cause;
  }
  context.say(t(memText.imported, { count: newIds.size, links }));
  if (crossed > 0) context.say(t(memText.across, { count: crossed }));
  if (outside > 0) context.say(t(memText.outside, { file: name, count: outside }));
  const ids = [...newIds].map(([was, is]) => ({ was, is }));
  context.result({ ids, links, across: crossed, outside }, () => "");
}
