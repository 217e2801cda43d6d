import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Sandbox, SandboxCommand } from "../../kernel/ports.ts";

/**
 * Starts a command in a sandbox as leader of a session of its own, with handles that its starter keeps. Killing its group
 * kills all that runs in it. @throws SysError ENOSYS the sandbox's driver knows no such thing, EINVAL, ESTALE
 */
export function spawnWrapped(
  sandbox: Sandbox,
  command: Pick<SandboxCommand, "argv" | "environment" | "folder">,
  stdio: readonly unknown[],
): ChildProcess {
  if (!sandbox.wrap)
    throw new SysError("ENOSYS", "this sandbox runs nothing that its starter keeps", {
      hint: "apt install bubblewrap",
    });
  using wrapped = sandbox.wrap(command, { firstHandle: stdio.length });
  const { file, args, environment, handles, uid, gid } = wrapped;
  const all: unknown[] = [...stdio];
  for (const { at, handle } of handles) {
    while (all.length < at) all.push("ignore");
    all[at] = handle;
  }
  const child = spawn(file, args, {
    cwd: "/",
    env: environment,
    detached: true,
    stdio: all as StdioOptions,
    serialization: "json",
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  const { pid } = child;
  if (pid !== undefined) {
    const watch = wrapped.watch(pid, () => killGroup(pid));
    child.once("exit", () => watch[Symbol.dispose]());
  }
  return child;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}
