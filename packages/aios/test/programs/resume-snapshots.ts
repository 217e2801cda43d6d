// Goes on with calls that another process preempted, and prints what was still to be said, as JSON.
// node resume-snapshots.ts <model file> <folder with calls.json and the snapshots that it names>
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asCallId, asPid, asTenantId } from "@aiosjs/sdk/protocol";
import type { ChatArgs } from "@aiosjs/sdk/protocol";
import { createLlamaCore } from "../../src/drivers/llm/llama/core.ts";

const [modelPath, folder] = process.argv.slice(2);
if (modelPath === undefined || folder === undefined) throw new Error("usage: resume-snapshots.ts <model> <folder>");
const calls = JSON.parse(readFileSync(join(folder, "calls.json"), "utf8")) as { args: ChatArgs; snapshot: string }[];

const tenant = asTenantId("local");
await using core = await createLlamaCore({
  name: "local",
  modelPath,
  gpu: "off",
  threads: 1,
  contextTokens: 1024,
  sequences: 2,
  snapshotFolder: join(folder, "other"),
});
const results: unknown[] = [];
for (const { args, snapshot: name } of calls) {
  const snapshot = await core.readSnapshot(join(folder, name), tenant);
  const context = {
    call: asCallId("call"),
    idempotencyKey: "once",
    pid: asPid("other"),
    tenant,
    model: "tiny",
    snapshot,
    signal: new AbortController().signal,
    syscall: () => Promise.reject(new Error("a core makes no nested syscalls")),
  };
  for await (const batch of core.execute("llm.chat", args, context))
    for (const event of batch) if (event.type === "result") results.push(event);
}
process.stdout.write(JSON.stringify(results));
