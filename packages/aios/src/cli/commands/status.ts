import type { ProcessView, ResultOf } from "@aiosjs/sdk";
import { shortTime } from "../../tui/figures.ts";
import { pad, widthOf } from "../../tui/width.ts";
import { approveText } from "../messages/approve.ts";
import { kernelText } from "../messages/kernel.ts";
import { processWords } from "../messages/process.ts";
import type { ContextOf } from "../registry.ts";

const textOf = ({ kind, isSimulated, down }: ResultOf<"sys.status">["cores"][number]) =>
  down
    ? kernelText.coreIsDown
    : kind === "replay"
      ? kernelText.coreRecorded
      : isSimulated
        ? kernelText.coreSimulated
        : kernelText.core;

export async function run(context: ContextOf<"status">): Promise<void> {
  const { t, lang, paint } = context;
  const client = await context.client();
  const { url } = await context.door();
  const status = await client.sys.status();
  const { version, policy, startedAt, cores, journal } = status;
  const states = processWords(lang).state;
  const processes = Object.entries(status.processes)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${states[state as ProcessView["state"]] ?? state}`);
  const rows = [
    [t(kernelText.processes), processes.join(" · ") || t(kernelText.none)],
    [t(kernelText.calls), t(kernelText.callCounts, status)],
    ...(status.approvals > 0
      ? [[t(kernelText.approvals), paint.waiting(t(approveText.waiting, { count: status.approvals }))] as const]
      : []),
    [t(kernelText.cores), cores.map((core) => t(textOf(core), core)).join(", ") || t(kernelText.noCores)],
    [t(kernelText.journal), journal.isReadOnly ? t(kernelText.readOnly, journal) : journal.driver],
  ] as const;
  context.result(status, () => {
    const labelWidth = Math.max(...rows.map(([label]) => widthOf(label)));
    return [
      paint.strong(t(kernelText.at, { version, url })),
      t(kernelText.since, { uptime: shortTime(Date.now() - startedAt), policy }),
      ...rows.map(([label, text]) => `${paint.dim(pad(label, labelWidth))}  ${text}`),
    ].join("\n");
  });
}
