import { spawn } from "node:child_process";
import { extname, join } from "node:path";
import { childEnvironment, hiddenNames } from "./child-environment.ts";
import { CliError, usage } from "./cli-error.ts";
import { answerFor } from "./command-answer.ts";
import type { CommandEntry } from "./command-answer.ts";
import { linkTo } from "./command-link.ts";
import { exitCodeOf } from "./command-parent.ts";
import type { CommandEnd } from "./command-parent.ts";
import type { StartReport } from "./detached-parent.ts";
import { parentWithLog } from "./logged-parent.ts";
import { runText } from "./messages/run.ts";
import { projectHere } from "./project-here.ts";
import type { ContextOf } from "./registry.ts";
import { nameOfCommand, spawnOptions } from "./spawn-options.ts";

/** Waits this long in the foreground for a kernel that is away; a detached parent has the whole day. */
const foregroundPatienceMs = 60_000;

/**
 * `aios run -- CMD…`: enters the command in the kernel's table, then this very process is its parent until it ends.
 * A command inside of a process (AIOS_PID is set) becomes that process's child, for its key is what the door knows.
 */
export async function runCommand(context: ContextOf<"run">): Promise<number> {
  const { options, rest, t, cwd, env } = context;
  if (options.model !== undefined) throw new CliError(usage, t(runText.modelIsForAgents));
  if (options.tty && options.detach) throw new CliError(usage, t(runText.ttyOrDetach));
  const client = await context.client();
  const door = await context.door();
  const project = projectHere(context);
  const spawned = await client.proc.spawn({
    ...spawnOptions({ ...options, name: options.name ?? nameOfCommand(rest) }, project.limits),
    program: { kind: "command", command: [...rest], cwd },
  });
  const { pid } = spawned;
  const hidden = hiddenNames(env, options.env);
  if (hidden.length > 0 && context.isTty) context.say(t(runText.hidden, { names: hidden.join(", ") }));
  const isOfThisHome = context.home.kernelFile()?.url === door.url;
  if (options.tty) context.say(t(runText.notLogged));
  else if (!isOfThisHome) context.say(t(runText.foreignKernel, { url: door.url }));
  const entry: CommandEntry = {
    pid,
    home: isOfThisHome ? context.home.dir : null,
    door,
    program: {
      command: rest,
      cwd,
      environment: childEnvironment(env, { url: door.url, key: spawned.key ?? "", pid }, options.env),
      hasTerminal: options.tty,
      isDetached: options.detach,
    },
  };
  const answer = answerFor(entry, linkTo(entry));
  if (options.detach) {
    const report = await startDetached(entry);
    if (report.is === "failed") {
      const failure = Object.assign(new Error(report.message), { code: report.code });
      return failed({ code: null, signal: null, failure }, context);
    }
    context.result({ pid, hostPid: report.hostPid }, () => pid);
    context.say(t(runText.detached, { pid }));
    return 0;
  }
  const end = await parentWithLog(entry, (hostPid) => answer.started(hostPid));
  const wasTold = await answer.ended(end, {
    patienceMs: foregroundPatienceMs,
    onAway: () => context.say(t(runText.away)),
  });
  if (!wasTold) context.say(t(runText.untold));
  return end.failure ? failed(end, context) : exitCodeOf(end);
}

/** Says why a command could not be started; its exit code is what a shell would give. */
function failed(end: CommandEnd, { rest, t }: Pick<ContextOf<"run">, "rest" | "t">): never {
  const command = rest[0] ?? "";
  const isMissing = end.failure?.code === "ENOENT";
  const message = isMissing
    ? t(runText.notFound, { command })
    : t(runText.cannotStart, { command, detail: end.failure?.message ?? "" });
  throw new CliError([isMissing ? "ENOENT" : "EACCES", exitCodeOf(end)], message, { cause: end.failure });
}

/** Starts the parent as a process of its own; resolves when the command runs, or could not be started. */
async function startDetached(entry: CommandEntry): Promise<StartReport> {
  const file = join(import.meta.dirname, `detached-parent${extname(import.meta.filename)}`);
  const parent = spawn(process.execPath, [...process.execArgv, file], {
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  parent.send(entry);
  const report = await new Promise<StartReport>((resolve) => {
    parent.once("message", (message) => resolve(message as StartReport));
    parent.once("error", ({ message }) => resolve({ is: "failed", code: "EIO", message }));
    parent.once("exit", (code) => resolve({ is: "failed", code: "EIO", message: `exit ${code}` }));
  });
  parent.unref();
  return report;
}
