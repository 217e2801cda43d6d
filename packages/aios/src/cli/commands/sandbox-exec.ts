import { text } from "node:stream/consumers";
import { isTerminal, SysError } from "@aiosjs/sdk";
import type { ResultOf } from "@aiosjs/sdk/protocol";
import { CliError, usage } from "../cli-error.ts";
import { sandboxText } from "../messages/sandbox.ts";
import type { ContextOf } from "../registry.ts";
import { sandboxLimits } from "../sandbox-limits.ts";

/** As a shell tells of what was killed. */
const killed = 137;
/** People look at it as it comes: the kernel keeps as much as it can. */
const outputBytes = 8 * 1024 * 1024;

export async function run(context: ContextOf<"sandbox exec">): Promise<number> {
  const { args, options, rest, signal, t } = context;
  if (rest.length === 0) throw new CliError(usage, t(sandboxText.noCommand), { hint: t(sandboxText.noCommandHint) });
  const client = await context.client();
  const call = client.sandbox.exec(
    {
      ...sandboxLimits(options),
      argv: [...rest],
      sandbox: args.sandbox,
      folder: options.folder,
      input: options.stdin ? await text(process.stdin) : undefined,
      outputBytes,
    },
    { signal },
  );
  let result: ResultOf<"sandbox.exec"> | undefined;
  for await (const event of call) {
    if (event.type === "output.delta") {
      if (event.stream === "stdout") context.out(event.text);
      else if (!context.json && !context.jsonl) process.stderr.write(event.text);
    }
    if (!isTerminal(event)) continue;
    if (event.type === "syscall.failed")
      throw new SysError(event.error.code, event.error.detail, { hint: event.error.hint });
    result = event.result as ResultOf<"sandbox.exec">;
  }
  if (!result) throw new SysError("EIO", "sandbox.exec ended without a result");
  const { code, exceeded, droppedBytes } = result;
  context.result(result, () => "");
  if (exceeded !== undefined) context.say(t(exceeded === "wallMs" ? sandboxText.late : sandboxText.large));
  if (droppedBytes > 0) context.say(t(sandboxText.dropped, { bytes: droppedBytes }));
  return code ?? killed;
}
