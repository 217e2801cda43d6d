import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { extname, join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { ProgramContext, SandboxDriver } from "../../kernel/ports.ts";
import { harmlessEnvironment } from "./harmless-environment.ts";
import { viewsOfModule, withoutInner } from "./module-views.ts";
import { spawnWrapped } from "./spawn-wrapped.ts";

/** Where modules run. */
export interface ModuleJail {
  /** Of one whose commands their starter keeps (`Sandbox.wrap`). */
  readonly driver: Pick<SandboxDriver, "create">;
  /** What no module is to see: the home, with its keys. */
  readonly hidden: readonly string[];
}

const childFile = join(import.meta.dirname, `module-child${extname(import.meta.filename)}`);

interface StartedModule extends AsyncDisposable {
  readonly child: ChildProcess;
  /** The module, as its process finds it. */
  readonly file: string;
}

/**
 * In a sandbox of the jail, which ends with what is returned; else with all rights of this user.
 * @throws SysError ENOENT there is no such file, ENOSYS no sandbox can be made here
 */
export async function startModule(
  { pid, tenant, egress, signal }: ProgramContext,
  { file, jail }: { file: string; jail: ModuleJail | undefined },
): Promise<StartedModule> {
  const argv = [process.execPath, ...process.execArgv, childFile];
  const stdio = ["ignore", "pipe", "pipe", "ipc"] as const;
  if (!jail) {
    // A group of its own: signals reach what it started, too.
    const env = { ...harmlessEnvironment(), AIOS_PID: pid };
    const child = spawn(argv[0]!, argv.slice(1), { env, detached: true, stdio: [...stdio], serialization: "json" });
    return { child, file, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const module = realPath(file);
  const shown = withoutInner([...viewsOfModule(module), ...viewsOfModule(childFile), process.execPath]);
  const sandbox = await jail.driver.create({
    id: `m${randomUUID().replaceAll("-", "").slice(0, 31)}`,
    tenant,
    views: shown.filter((path) => !path.startsWith("/usr/")).map((path) => ({ from: path, at: path })),
    hidden: jail.hidden,
    egress,
  });
  // What cannot be removed now is removed by the next kernel.
  const end = (): Promise<void> => sandbox.delete().catch(() => undefined);
  try {
    signal.throwIfAborted();
    const environment = { ...inSandbox(harmlessEnvironment()), AIOS_PID: pid };
    const child = spawnWrapped(sandbox, { argv, environment }, [...stdio]);
    return { child, file: module, [Symbol.asyncDispose]: end };
  } catch (cause) {
    await end();
    throw cause;
  }
}

/** Paths of the machine are others there, and nobody has a name. */
const inSandbox = (environment: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => /^(LANG|LC_ALL|TZ|NO_COLOR)$/.test(name)));

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch (cause) {
    throw new SysError("ENOENT", `there is no module ${file}`, { cause, hint: "give the path of a .js or .ts file" });
  }
}
