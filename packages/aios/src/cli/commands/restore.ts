import { resolve } from "node:path";
import type { SnapshotItem } from "@aiosjs/sdk";
import { stateText } from "../messages/state.ts";
import type { ContextOf } from "../registry.ts";
import { readSnapshot } from "../snapshot-file.ts";

/** Characters of JSON that are handed in at a time; one item may be longer. */
const PAGE_CHARS = 1_000_000;

export async function run(context: ContextOf<"restore">): Promise<void> {
  const { args, options, cwd, signal, t } = context;
  const file = resolve(cwd, args.file);
  // Once for the checksums: nothing is handed in of a file that is damaged.
  for await (const _ of readSnapshot(file, context)) signal.throwIfAborted();
  const client = await context.client();
  let upload: string | undefined;
  let called = "";
  const handIn = async (items: SnapshotItem[]): Promise<void> => {
    if (items.length === 0) return;
    ({ upload } = await client.proc.import({ items, ...(upload === undefined ? {} : { upload }) }, { signal }));
  };
  let page: SnapshotItem[] = [];
  let chars = 0;
  for await (const { item, chars: length } of readSnapshot(file, context)) {
    if (item.is === "process") called = item.name;
    if (chars + length > PAGE_CHARS) {
      await handIn(page);
      page = [];
      chars = 0;
    }
    page.push(item);
    chars += length;
  }
  await handIn(page);
  const name = options.name === undefined ? {} : { name: options.name };
  const made = await client.proc.restore({ upload: upload ?? "", isSuspended: options.suspended, ...name }, { signal });
  const words = options.suspended ? stateText.restoredSuspended : stateText.restored;
  context.say(t(words, { ...made, name: options.name ?? called }));
  context.result(made, () => made.pid);
}
