import { isTerminal, SysError } from "@aiosjs/sdk";
import { findProcess } from "../find-process.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"logs">): Promise<void> {
  const { args, options, signal } = context;
  const client = await context.client();
  const { pid } = await findProcess(client, args.pid, context);
  const call = client.proc.logs({ pid, follow: options.follow, tailBytes: options.tail }, { signal });
  for await (const event of call) {
    if (event.type === "output.delta") {
      context.item({ stream: event.stream, text: event.text }, () => "");
      context.out(event.text);
    }
    if (isTerminal(event) && event.type === "syscall.failed" && !signal.aborted)
      throw new SysError(event.error.code, event.error.detail, { hint: event.error.hint });
  }
}
