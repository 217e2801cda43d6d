// Where a command runs whole in a sandbox, with the kernel's door and the policy's egress as its ways out: a composition beside
// command-host.ts, loaded for `aios run --sandbox` alone.
import type { ChildProcess } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { egressSocket } from "./config/home.ts";
import { realClock } from "./drivers/clock/real.ts";
import { openRelay } from "./drivers/egress/relay.ts";
import { hostProcess } from "./drivers/proc/host-processes.ts";
import { isWide } from "./drivers/proc/module-views.ts";
import { viewsOfProgram } from "./drivers/proc/program-views.ts";
import type { ProgramViews } from "./drivers/proc/program-views.ts";
import { spawnWrapped } from "./drivers/proc/spawn-wrapped.ts";
import { createBubblewrap } from "./drivers/sandbox/bubblewrap/driver.ts";
import { probeBubblewrap } from "./drivers/sandbox/bubblewrap/probe.ts";
import { createGhosts } from "./drivers/sandbox/home/ghost-keeper.ts";
import { HOME_TENANT } from "./kernel/access.ts";
import type { SandboxCommand } from "./kernel/ports.ts";

/** What a command is to see; plain data, for a parent of its own. */
export interface JailPlan extends ProgramViews {
  /** Written to, and seen at its own place. */
  readonly workspace: string;
  readonly hidden: readonly string[];
}

const doorPort = 3129;
/** Where the kernel's door is, inside. */
export const doorInside = (url: string): string =>
  `http://127.0.0.1:${doorPort}${new URL(url).pathname.replace(/\/+$/, "")}`;

/**
 * @throws SysError ENOENT there is no such program or nothing at a path of `more`; EINVAL the folder holds what is nobody's project;
 *   ENOSYS nothing here isolates, with what mends it
 */
export async function planJail(
  program: string,
  options: { readonly cwd: string; readonly path: string; readonly more: readonly string[]; readonly home: string },
): Promise<JailPlan> {
  const { home } = options;
  const workspace = realpathSync(options.cwd);
  if (isWide(workspace))
    throw new SysError("EINVAL", `${workspace} is too much to let a program write to`, {
      hint: "go to the folder of the project first",
    });
  if (`${workspace}/`.startsWith(`${home}/`))
    throw new SysError("EINVAL", `${workspace} belongs to AIOS itself`, {
      hint: "go to the folder of the project first",
    });
  const probe = await probeBubblewrap();
  if (probe.is === "missing")
    throw new SysError("ENOSYS", `no sandbox of the process tier here: ${probe.why}`, { hint: probe.fix });
  const views = viewsOfProgram(program, { ...options, cwd: workspace });
  return { ...views, workspace, hidden: [home] };
}

/** A sandbox that a command is started in, again and again; it ends with its parent. */
export interface Jail extends AsyncDisposable {
  /** A session of its own; killing its group kills all that runs in it. */
  start(command: Pick<SandboxCommand, "argv" | "environment" | "folder">, stdio: readonly unknown[]): ChildProcess;
}

interface JailOptions {
  readonly pid: string;
  /** The kernel's home; null: a kernel elsewhere, whose egress is not here. */
  readonly home: string | null;
  /** Where the kernel listens now. */
  readonly doorUrl: () => Promise<string>;
}

/** @throws SysError ENOSYS, EINVAL, ENOENT */
export async function openJail(plan: JailPlan, { pid, home, doorUrl }: JailOptions): Promise<Jail> {
  await clearLeft();
  await using opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-${hostProcess(process.pid)?.startedAt ?? ""}-`));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const door = join(folder, "door");
  opened.use(await openRelay(door, async () => ({ url: await doorUrl() })));
  const egress = home === null ? undefined : join(folder, "egress");
  // Not the kernel's own socket: the next kernel makes another, and what was mounted is the old one.
  if (home !== null && egress !== undefined)
    opened.use(await openRelay(egress, async () => ({ socket: egressSocket(home, `p-${pid}`) })));
  const driver = opened.use(
    createBubblewrap({ folder: join(folder, "sandboxes"), clock: realClock, pool: { min: 0 } }),
  );
  const { workspace, views, hidden } = plan;
  const sandbox = await driver.create({
    id: "command",
    tenant: HOME_TENANT,
    workspace,
    workspaceAt: workspace,
    guarded: guardedIn(workspace),
    views: views.map((path) => ({ from: path, at: path })),
    hidden,
    egress,
    forwards: [{ port: doorPort, socket: door }],
  });
  opened.defer(() => sandbox.delete());
  const stack = opened.move();
  return {
    start: (command, stdio) => spawnWrapped(sandbox, command, stdio),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What runs by itself on the machine later, or holds what is secret. A repository is not made there either. */
function guardedIn(workspace: string): readonly string[] {
  // A file in the repositories that belong to another: it says where that is.
  const isFile = lstatSync(join(workspace, ".git"), { throwIfNoEntry: false })?.isFile() ?? false;
  return [...(isFile ? [".git"] : [".git/hooks", ".git/config"]), ".env"];
}

const prefix = "aios-jail-";

/** What parents left that were killed. */
async function clearLeft(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const [, hostPid, startedAt] = /^aios-jail-(\d+)-(\d*)-/.exec(name) ?? [];
    if (hostPid === undefined || hostProcess(Number(hostPid))?.startedAt === startedAt) continue;
    const folder = join(tmpdir(), name);
    if (lstatSync(folder, { throwIfNoEntry: false })?.uid !== process.getuid?.()) continue;
    // With the parent, all that it had started has ended.
    createGhosts(join(folder, "sandboxes", ".ghosts")).reap({ isOver: true });
    rmSync(folder, { recursive: true, force: true });
  }
}
