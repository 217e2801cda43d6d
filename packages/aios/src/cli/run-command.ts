import { spawn } from "node:child_process";
import { extname, join } from "node:path";
import { startOf } from "../command-host.ts";
import { isSysError } from "@aiosjs/sdk";
import type { JailPlan } from "../command-jail.ts";
import { childEnvironment, hiddenNames, jailedEnvironment } from "./child-environment.ts";
import { CliError, usage } from "./cli-error.ts";
import { answerFor } from "./command-answer.ts";
import type { CommandEntry } from "./command-answer.ts";
import { linkTo } from "./command-link.ts";
import { exitCodeOf } from "./command-parent.ts";
import { parentToTheEnd } from "./command-starts.ts";
import type { StartReport } from "./detached-parent.ts";
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
  const plan = await planned(context);
  const client = await context.client();
  const door = await context.door();
  const restart = options.restart ?? "never";
  using parent = options.detach ? openDetached(env) : undefined;
  const hostPid = parent?.hostPid ?? process.pid;
  const project = projectHere(context);
  const spawned = await client.proc.spawn({
    ...spawnOptions({ ...options, name: options.name ?? nameOfCommand(rest) }, project.limits),
    program: {
      kind: "command",
      command: [...rest],
      cwd,
      restart,
      ...(plan ? { sandbox: "process" } : {}),
      parent: { hostPid, hostStartedAt: startOf(hostPid) },
    },
  });
  const { pid } = spawned;
  const hidden = plan ? [] : hiddenNames(env, options.env);
  if (hidden.length > 0 && context.isTty) context.say(t(runText.hidden, { names: hidden.join(", ") }));
  const isOfThisHome = context.home.kernelFile()?.url === door.url;
  if (options.tty) context.say(t(runText.notLogged));
  else if (!isOfThisHome) context.say(t(runText.foreignKernel, { url: door.url }));
  const identity = { url: door.url, key: spawned.key ?? "", pid };
  const entry: CommandEntry = {
    pid,
    home: isOfThisHome ? context.home.dir : null,
    door,
    program: {
      command: rest,
      cwd,
      environment: plan
        ? { ...jailedEnvironment(env, { ...identity, url: plan.door }, options.env), PATH: plan.path }
        : childEnvironment(env, identity, options.env),
      hasTerminal: options.tty,
      isDetached: options.detach,
    },
    jail: plan ?? null,
    restart,
    lang: context.lang,
  };
  if (parent) {
    const report = await parent.start(entry);
    if (report.is === "failed") return failed(Object.assign(new Error(report.message), { code: report.code }), context);
    context.result({ pid, hostPid: report.hostPid }, () => pid);
    context.say(t(runText.detached, { pid }));
    return 0;
  }
  const link = linkTo(entry);
  const answer = answerFor(entry, link);
  const patience = { patienceMs: foregroundPatienceMs, onAway: () => context.say(t(runText.away)) };
  const { say, signal } = context;
  const end = await parentToTheEnd(entry, {
    answer,
    doorUrl: () => link.url(),
    env,
    signal,
    say: (text) => say(text),
    ...patience,
  });
  const wasTold = await answer.ended(end, patience);
  if (!wasTold) context.say(t(runText.untold));
  return end.failure ? failed(end.failure, context) : exitCodeOf(end);
}

/** What the command is to see, where it runs in a sandbox; nothing was entered or started yet. */
async function planned({
  options,
  rest,
  cwd,
  env,
  home,
  door,
  t,
}: ContextOf<"run">): Promise<(JailPlan & { door: string }) | undefined> {
  if (!options.sandbox) {
    if (options.view.length > 0) throw new CliError(usage, t(runText.viewIsForSandbox));
    return undefined;
  }
  const { doorInside, planJail } = await import("../command-jail.ts");
  const [program = ""] = rest;
  try {
    const plan = await planJail(program, { cwd, path: env["PATH"] ?? "", more: options.view, home: home.dir });
    return { ...plan, door: doorInside((await door()).url) };
  } catch (cause) {
    if (!isSysError(cause) || cause.code !== "ENOENT" || !cause.message.includes("program")) throw cause;
    throw new CliError(["ENOENT", 127], t(runText.notFound, { command: program }), { cause });
  }
}

/** Says why a command could not be started; its exit code is what a shell would give. */
function failed(failure: NodeJS.ErrnoException, { rest, t }: Pick<ContextOf<"run">, "rest" | "t">): never {
  const command = rest[0] ?? "";
  const isMissing = failure.code === "ENOENT";
  const message = isMissing
    ? t(runText.notFound, { command })
    : t(runText.cannotStart, { command, detail: failure.message });
  const exitCode = exitCodeOf({ code: null, signal: null, failure });
  throw new CliError([isMissing ? "ENOENT" : "EACCES", exitCode], message, { cause: failure });
}

interface DetachedParent extends Disposable {
  readonly hostPid: number;
  /** Resolves when the command runs, or could not be started. */
  start(entry: CommandEntry): Promise<StartReport>;
}

/** The parent as a process of its own, so that the kernel can be told who it is. Without a start it ends with us. */
function openDetached(env: ContextOf<"run">["env"]): DetachedParent {
  const file = join(import.meta.dirname, `detached-parent${extname(import.meta.filename)}`);
  const parent = spawn(process.execPath, [...process.execArgv, file], {
    cwd: "/",
    // All of it: its log must not tell what is secret in it. The command gets its own.
    env,
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const report = new Promise<StartReport>((resolve) => {
    parent.once("message", (message) => resolve(message as StartReport));
    parent.once("error", ({ message }) => resolve({ is: "failed", code: "EIO", message }));
    parent.once("exit", (code) => resolve({ is: "failed", code: "EIO", message: `exit ${code}` }));
  });
  return {
    hostPid: parent.pid ?? process.pid,
    start(entry) {
      parent.send(entry);
      return report;
    },
    [Symbol.dispose]() {
      if (parent.connected) parent.disconnect();
      parent.unref();
    },
  };
}
