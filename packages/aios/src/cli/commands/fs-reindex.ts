import { untilDone } from "../count-line.ts";
import { lookFor, onFiles } from "../file-calls.ts";
import { mountText } from "../messages/mount.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"fs reindex">): Promise<void> {
  const { args, t, signal, quiet } = context;
  const of = args.path === undefined ? {} : { path: args.path };
  const hint = args.path === undefined ? undefined : lookFor(args.path, context);
  const { files } = await onFiles(context, (fs) => fs.reindex(of, { signal }), hint);
  const ask = async () => {
    const { waiting } = await onFiles(context, (fs) => fs.indexing(of, { signal }));
    return { done: Math.max(0, files - waiting), of: files, isOver: waiting === 0 };
  };
  await untilDone(ask, { what: t(mountText.reading), terminal: process.stderr, isQuiet: quiet, signal });
  context.result({ files }, () => t(mountText.reindexed, { files }));
}
