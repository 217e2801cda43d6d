import { isSysError } from "@aiosjs/sdk";
import { resolve } from "node:path";
import type { Client, SnapshotItem } from "@aiosjs/sdk";
import { findProcess } from "../find-process.ts";
import { stateText } from "../messages/state.ts";
import type { ContextOf } from "../registry.ts";
import { sizeText } from "../size-text.ts";
import { writeSnapshot } from "../snapshot-file.ts";

/** A process that goes on while it is copied is looked at anew so often. */
const TRIES = 20;

export async function run(context: ContextOf<"snapshot">): Promise<void> {
  const { args, options, cwd, signal } = context;
  const client = await context.client();
  const { pid, name } = await findProcess(client, args.pid, context);
  const { version } = await client.sys.status();
  const file = resolve(cwd, options.output ?? `${name.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-")}-${pid}.snapshot`);
  const counts = { seq: 0, calls: 0, pieces: 0 };
  const items = async function* (): AsyncGenerator<SnapshotItem> {
    for await (const item of itemsOf(client, pid, { seq: options.at, signal })) {
      if (item.is === "process") counts.seq = item.seq;
      else counts[item.is === "call" ? "calls" : "pieces"]++;
      yield item;
    }
  };
  const write = async (left: number): Promise<number> => {
    Object.assign(counts, { seq: 0, calls: 0, pieces: 0 });
    try {
      return await writeSnapshot(file, items(), { ...context, kernel: version });
    } catch (cause) {
      // It went on meanwhile.
      if (left <= 1 || !isSysError(cause) || cause.code !== "EBUSY") throw cause;
      return write(left - 1);
    }
  };
  const sizeBytes = await write(TRIES);
  context.say(context.t(stateText.written, { name, ...counts, size: sizeText(sizeBytes) }));
  context.result({ pid, file, ...counts, sizeBytes }, () => file);
}

async function* itemsOf(
  client: Client,
  pid: string,
  { seq, signal }: { seq: number | undefined; signal: AbortSignal },
): AsyncGenerator<SnapshotItem> {
  let page = await client.proc.snapshot({ pid, ...(seq === undefined ? {} : { seq }) }, { signal });
  for (;;) {
    yield* page.items;
    if (page.next === null) return;
    page = await client.proc.snapshot({ pid, seq: page.seq, after: page.next }, { signal });
  }
}
