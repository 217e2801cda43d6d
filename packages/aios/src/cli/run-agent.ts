import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ArgsOf, Client, Exit, ManifestInput } from "@aiosjs/sdk";
import type { Project } from "../config/project.ts";
import { CliError, notFound, usage } from "./cli-error.ts";
import { exitOf, resultText } from "./commands/wait.ts";
import type { CommandContext } from "./context.ts";
import { runText } from "./messages/run.ts";
import { projectHere } from "./project-here.ts";
import { spawnOptions } from "./spawn-options.ts";

interface Context extends Pick<
  CommandContext,
  "client" | "isTty" | "t" | "say" | "out" | "result" | "item" | "signal" | "cwd" | "json" | "jsonl"
> {
  readonly options: Parameters<typeof spawnOptions>[0] & {
    readonly model: string | undefined;
    readonly detach?: boolean;
  };
}

/** Runs a declarative agent to its end, shows what it prints as it comes, and exits as it did. Ctrl-C kills it. */
export async function runAgent(
  context: Context,
  {
    agent,
    task,
    project = projectHere(context),
    usualClass,
  }: { agent: string | ManifestInput; task: string; project?: Project; usualClass?: "interactive" },
): Promise<number> {
  const { options, t, signal } = context;
  const agentName = typeof agent === "string" ? agent : agent.name;
  if (task.trim() === "")
    throw new CliError(usage, t(runText.noTask, { agent: agentName }), {
      hint: t(runText.noTaskHint, { agent: agentName }),
    });
  const model = options.model ?? project.model;
  const program = await programOf(agent, { task, model, context });
  const client = await context.client();
  const { pid } = await client.proc.spawn(
    {
      ...spawnOptions({ ...options, class: options.class ?? usualClass }, project.limits),
      program,
    },
    { signal },
  );
  if (options.detach) {
    context.say(t(runText.detached, { pid }));
    context.result({ pid }, () => pid);
    return 0;
  }
  const { exit, printed } = await followed(client, pid, context);
  if (signal.aborted) return 130;
  // A person has just read the reason in the log, with what mends it.
  const isToldAlready = context.isTty && printed.includes(exit.reason);
  if (exit.code !== 0 && !isToldAlready)
    context.say(t(runText.agentEnded, { name: options.name ?? agentName, reason: exit.reason }));
  const answer = resultText(exit);
  // What the log has shown already is not said twice.
  context.result({ pid, ...exit }, () => (printed.includes(answer.trim()) ? "" : answer));
  return exitOf(exit);
}

/** Prints the process's log until it has ended. */
async function followed(client: Client, pid: string, context: Context): Promise<{ exit: Exit; printed: string }> {
  const { signal } = context;
  const kill = (): void => void client.proc.signal({ pid, signal: "kill" }).then(undefined, () => undefined);
  signal.addEventListener("abort", kill, { once: true });
  let printed = "";
  try {
    for await (const event of client.proc.logs({ pid, follow: true })) {
      if (event.type !== "output.delta") continue;
      printed += event.text;
      if (context.jsonl) context.item({ pid, text: event.text }, () => "");
      else context.out(event.text);
    }
    if (printed !== "" && !printed.endsWith("\n")) context.out("\n");
    return { exit: await client.proc.wait({ pid }), printed };
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** An agent by name, by its folder or with its manifest; a module by its file. */
export async function programOf(
  agent: string | ManifestInput,
  { task, model, context }: { task: string; model: string | undefined; context: Pick<Context, "cwd" | "t"> },
): Promise<ArgsOf<"proc.spawn">["program"]> {
  const isPath = typeof agent === "string" && /^\.{0,2}[\\/]|^\./.test(agent);
  if (isPath && /\.[cm]?[jt]s$/.test(agent)) return { kind: "module", file: resolve(context.cwd, agent), task };
  const manifest = isPath ? await manifestIn(agent, context) : agent;
  return { kind: "agent", agent: manifest, task, ...(model === undefined ? {} : { model }) };
}

/** The manifest of an agent's folder. @throws CliError that names the file. */
async function manifestIn(path: string, { cwd, t }: Pick<Context, "cwd" | "t">): Promise<ManifestInput> {
  const folder = resolve(cwd, path);
  const file = (await stat(folder).catch(() => undefined))?.isDirectory() ? join(folder, "agent.yaml") : folder;
  const { parse } = await import("yaml");
  const { manifestSchema } = await import("@aiosjs/sdk");
  let value: unknown;
  try {
    value = parse(await readFile(file, "utf8"));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.split("\n")[0]! : "";
    throw new CliError(notFound, t(runText.noManifest, { file, detail }), { cause });
  }
  const checked = manifestSchema.safeParse(value);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const detail = issue ? `${issue.path.join(".")}: ${issue.message}` : "";
  throw new CliError(usage, t(runText.noManifest, { file, detail }));
}
