import type { Signal } from "@aiosjs/sdk";
import type { CommandContext } from "./context.ts";
import { findProcess } from "./find-process.ts";
import { processText } from "./messages/process.ts";

/** Processes that are told by name. */
const MOST_NAMED = 20;

interface Context extends Pick<CommandContext, "client" | "t" | "say" | "result"> {
  readonly args: { readonly pids: readonly string[] };
  readonly options: { readonly alone: boolean };
}

/** Sends one signal to all that are named; none gets it when one name is wrong. */
export async function signalProcesses(context: Context, signal: Signal): Promise<void> {
  const { args, options, t } = context;
  const client = await context.client();
  const chosen = await Promise.all(args.pids.map((text) => findProcess(client, text, context)));
  const reached = new Set<string>();
  for (const { pid } of chosen) {
    const { pids } = await client.proc.signal({ pid, signal, tree: !options.alone });
    for (const each of pids) reached.add(each);
  }
  const told = [...reached].slice(0, MOST_NAMED);
  const { processes } = await client.proc.list({ all: true, pids: told });
  const nameOf = (pid: string) => processes.find((process) => process.pid === pid)?.name ?? pid;
  const rest = reached.size > told.length ? [`+${reached.size - told.length}`] : [];
  const names = [...told.map(nameOf), ...rest].join(", ");
  context.say(reached.size > 0 ? t(processText.reached, { signal, names }) : t(processText.noneReached));
  context.result({ signal, pids: [...reached] }, () => "");
}
