import { asPid } from "@aiosjs/sdk/protocol";
import { openLogs } from "../command-host.ts";
import type { CommandEntry } from "./command-answer.ts";
import { parentCommand } from "./command-parent.ts";
import type { CommandEnd } from "./command-parent.ts";

/** Parents a command; when this resolves, all that it printed is in the log of its process. */
export async function parentWithLog(entry: CommandEntry, started: (hostPid: number) => void): Promise<CommandEnd> {
  await using logs = entry.home === null ? undefined : openLogs(entry.home);
  const print = (text: string): void => logs?.append(asPid(entry.pid), text);
  return await parentCommand(entry.program, { started, print });
}
