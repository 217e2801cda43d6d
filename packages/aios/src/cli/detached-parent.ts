// The parent of a command that was started with --detach: a process of its own that outlives the terminal. It is told
// over the channel to its starter what to run, answers with how the start went, and cuts the channel.
import { answerFor } from "./command-answer.ts";
import type { CommandEntry } from "./command-answer.ts";
import { linkTo } from "./command-link.ts";
import { parentToTheEnd } from "./command-starts.ts";

/** What the starter learns. */
export type StartReport = { is: "started"; hostPid: number } | { is: "failed"; code: string; message: string };

/** A kernel that is away is waited for this long after the command has ended; then the next kernel finds out itself. */
const patienceMs = 24 * 3_600_000;

async function main(entry: CommandEntry): Promise<void> {
  const report = (report: StartReport): void => {
    if (process.connected) process.send?.(report, () => process.disconnect());
  };
  const link = linkTo(entry);
  const answer = answerFor(entry, link);
  const started = (hostPid: number): void => report({ is: "started", hostPid });
  const end = await parentToTheEnd(entry, { answer, doorUrl: () => link.url(), env: process.env, started, patienceMs });
  const { failure } = end;
  if (failure) report({ is: "failed", code: failure.code ?? "", message: failure.message });
  await answer.ended(end, { patienceMs });
}

process.once("message", (entry: CommandEntry) => void main(entry));
