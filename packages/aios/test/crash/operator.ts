// A person who answers what no kernel can know: whether a call that was cut off has happened. The truth says.
import { setTimeout as sleep } from "node:timers/promises";
import type { CrashKernel } from "./crash-kernel.ts";
import { ask } from "./clients.ts";
import type { Truth } from "./truth.ts";

export class Operator {
  /** Questions answered so far. */
  answered = 0;
  readonly #over = new AbortController();
  #working: Promise<void> | undefined;

  start(kernel: () => CrashKernel, truth: Truth): void {
    this.#working = (async () => {
      while (!this.#over.signal.aborted) {
        await this.#answerAll(kernel(), truth);
        await sleep(60);
      }
    })();
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#working;
  }

  async #answerAll(kernel: CrashKernel, truth: Truth): Promise<void> {
    const session = "operator";
    const list = await ask(kernel, "approval.list", { args: {}, session });
    const approvals = (list?.result?.["approvals"] ?? []) as { id: string; call: string }[];
    for (const { id, call } of approvals) {
      const shown = await ask(kernel, "approval.show", { args: { id }, session });
      const request = shown?.result?.["request"] as { arguments: { what: string } } | undefined;
      if (!request) continue;
      const hasHappened = truth.hasPaid(call);
      const result = { content: `receipt ${request.arguments.what}` };
      const args = { id, isApproved: true, ...(hasHappened ? { result } : {}) };
      const told = await ask(kernel, "approval.answer", { args, session });
      if (told?.result !== undefined) this.answered++;
    }
  }
}
