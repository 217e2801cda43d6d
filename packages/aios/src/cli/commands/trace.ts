import type { CallView } from "@aiosjs/sdk";
import { traceLine } from "../../tui/trace-line.ts";
import { findProcess, markedCores } from "../find-process.ts";
import { processText } from "../messages/process.ts";
import type { ContextOf } from "../registry.ts";

const pageSize = 1_000;
/** How often a followed trace asks for news. */
const followMs = 300;

export async function run(context: ContextOf<"trace">): Promise<void> {
  const { args, options, paint, width, t, lang, signal } = context;
  const client = await context.client();
  const { pid, name } = await findProcess(client, args.pid, context);
  const marks = await markedCores(client);
  const show = (call: CallView) =>
    context.item(call, () =>
      traceLine({ call, ...marks, paint, lang, tokens: (count) => t(processText.tokens, { count }) }, width),
    );
  let after = options.after;
  let seen = 0;
  for (;;) {
    const hasEnded = (await client.proc.show({ pid })).state === "zombie";
    const { calls } = await client.proc.trace({ pid, afterSeq: after, limit: pageSize });
    // What is still under way is shown when it has ended, or at once where nobody waits for more.
    for (const call of calls) {
      const isOpen = call.state === "queued" || call.state === "running";
      if (isOpen && options.follow && !hasEnded) break;
      show(call);
      after = call.seq;
      seen++;
    }
    if (calls.length === pageSize) continue;
    if (!options.follow || hasEnded) break;
    await pause(followMs, signal);
  }
  if (seen === 0) context.say(t(processText.noCalls, { name }));
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { setTimeout } = await import("node:timers/promises");
  await setTimeout(ms, undefined, { signal });
}
