import type { CommandContext } from "./context.ts";

/** Asks where a person sits there; what can be undone is done without, where nobody does. */
export async function isWanted(
  message: string,
  { isTty, signal }: Pick<CommandContext, "isTty" | "signal">,
): Promise<boolean> {
  if (!isTty) return true;
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({ message, initialValue: false, signal });
  return !isCancel(answer) && answer;
}
