import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CliError, usage } from "../cli-error.ts";
import { oldText } from "../messages/old-names.ts";
import type { ContextOf } from "../registry.ts";
import { run as runNow } from "./run.ts";

export async function run(context: ContextOf<"run-agent">): Promise<number> {
  const { t, cwd } = context;
  const { agentPath, agentName, mode, taskInput, task = taskInput } = context.options;
  if (task === undefined) throw new CliError(usage, t(oldText.noTaskInput));
  let agent = agentName;
  if (agentPath !== undefined && mode !== "remote") agent = folderOf(resolve(cwd, agentPath), context);
  if (agent === undefined) throw new CliError(usage, t(oldText.noAgent));
  if (mode === "remote") context.say(t(oldText.noHub, { agent }));
  const quality = {
    name: undefined,
    nice: undefined,
    class: undefined,
    limit: [],
    usd: undefined,
    onExhausted: undefined,
    model: undefined,
  };
  const options = { ...quality, env: [], sandbox: false, view: [], restart: undefined, tty: false, detach: false };
  return runNow({ ...context, args: { agent, task: [task] }, options });
}

/** Agents of the predecessor are Python code behind a config.json: told apart here, because the kernel runs no Python. */
function folderOf(folder: string, { t }: Pick<ContextOf<"run-agent">, "t">): string {
  if (existsSync(join(folder, "config.json")) && !existsSync(join(folder, "agent.yaml")))
    throw new CliError(usage, t(oldText.isPython, { folder }), {
      hint: t(oldText.isPythonHint, { entry: join(folder, "entry.py") }),
    });
  return folder;
}
