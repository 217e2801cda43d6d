import { CliError, usage } from "../cli-error.ts";
import { runText } from "../messages/run.ts";
import { projectHere } from "../project-here.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"run">): Promise<number> {
  const { args, rest, t } = context;
  if (rest.length > 0 && args.agent !== undefined) throw new CliError(usage, t(runText.both));
  if (rest.length > 0) return (await import("../run-command.ts")).runCommand(context);
  if (context.options.restart !== undefined) throw new CliError(usage, t(runText.restartIsForCommands));
  const project = projectHere(context);
  // In a folder with an agent of its own the words are the task.
  const words = args.agent === undefined ? [] : [args.agent, ...args.task];
  if (project.agent !== undefined && args.task.length === 0 && words.length > 0)
    return (await import("../run-agent.ts")).runAgent(context, {
      agent: project.agent,
      task: words.join(" "),
      project,
    });
  if (args.agent === undefined) throw new CliError(usage, t(runText.nothing), { hint: t(runText.nothingHint) });
  return (await import("../run-agent.ts")).runAgent(context, { agent: args.agent, task: args.task.join(" "), project });
}
