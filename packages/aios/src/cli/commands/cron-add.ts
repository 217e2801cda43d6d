import { shortTime } from "../../tui/figures.ts";
import { CliError, usage } from "../cli-error.ts";
import { cronText } from "../messages/cron.ts";
import { projectHere } from "../project-here.ts";
import type { ContextOf } from "../registry.ts";
import { programOf } from "../run-agent.ts";
import { spawnOptions } from "../spawn-options.ts";
import { findTimer, wallTime } from "../timers.ts";

export async function run(context: ContextOf<"cron add">): Promise<void> {
  const { args, options, t } = context;
  const task = args.task.join(" ");
  const project = projectHere(context);
  const program = await programOf(args.agent, { task, model: options.model ?? project.model, context });
  if (program.kind === "agent" && task.trim() === "")
    throw new CliError(usage, t(cronText.noTask, { agent: args.agent }));
  const client = await context.client();
  const { name, ...quality } = spawnOptions(options, project.limits);
  const { id } = await client.cron.add({
    schedule: args.schedule,
    overlap: options.overlap,
    program: { ...quality, program },
    ...(name === undefined ? {} : { name }),
    ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
  });
  const timer = await findTimer(client, id, context);
  const when = `${wallTime(timer.nextAt, timer.timeZone)} ${timer.timeZone}`;
  context.say(t(cronText.added, { name: timer.name, when, time: shortTime(timer.nextAt - Date.now()) }));
  context.result(timer, () => id);
}
