import type { Client } from "@aiosjs/sdk";
import { canonicalJson } from "@aiosjs/sdk/protocol";
import type { Clock } from "../../kernel/ports.ts";
import type { ToolUse } from "./world.ts";

/** Who answers when the kernel asks. `oracle` knows what its user meant, and lets exactly that pass, as often as it was meant. */
export type Approver = "always no" | "oracle" | "always yes";

export interface Asked {
  /** The call that the kernel shows. */
  readonly use: ToolUse;
  /** All that it says of it. */
  readonly text: string;
  readonly isApproved: boolean;
}

interface AnsweringOptions {
  readonly approver: Approver;
  /** What the user's task calls when it is done right. */
  readonly meant: readonly ToolUse[];
  /** What the world's tools have done so far: who has what they meant does not want it again. */
  readonly done: readonly ToolUse[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Milliseconds between two looks at what waits. */
const EVERY_MS = 10;
/** No case takes a tenth of it. */
const MAX_LOOKS = 20_000;

/**
 * Answers by the same syscalls that a person's program makes, until the signal aborts.
 * @throws Error where it never does, with what every process waits for
 */
export async function answerAll({ approval, proc }: Client, options: AnsweringOptions): Promise<readonly Asked[]> {
  const { approver, meant, done, clock, signal } = options;
  const asked: Asked[] = [];
  for (let looks = 0; !signal.aborted; looks++) {
    if (looks > MAX_LOOKS) {
      const { processes } = await proc.list({});
      throw new Error(
        `it does not end: ${processes.map(({ name, state, on }) => `${name} ${state} ${on}`).join(", ")}`,
      );
    }
    const { approvals } = await approval.list({});
    for (const { id } of approvals) {
      const shown = await approval.show({ id });
      const use = useOf(shown);
      const allowed = asked.flatMap((one) => (one.isApproved ? [one.use] : []));
      const isMeant = timesOf(use, meant) > Math.max(timesOf(use, done), timesOf(use, allowed));
      const isApproved = approver === "always yes" || (approver === "oracle" && isMeant);
      asked.push({ use, text: shown.question, isApproved });
      await approval.answer({ id, isApproved });
    }
    await clock.wakeAt(clock.nowMs() + EVERY_MS, signal).catch(() => undefined);
  }
  return asked;
}

function useOf({ name, request }: { name: string; request?: unknown }): ToolUse {
  if (name !== "tool.call") return { tool: name, args: request as ToolUse["args"] };
  const { name: tool, arguments: args } = request as { name: string; arguments: ToolUse["args"] };
  return { tool, args };
}

const timesOf = (use: ToolUse, all: readonly ToolUse[]): number => {
  const key = keyOf(use);
  return all.filter((one) => keyOf(one) === key).length;
};
const keyOf = ({ tool, args }: ToolUse): string => canonicalJson({ tool, args });
