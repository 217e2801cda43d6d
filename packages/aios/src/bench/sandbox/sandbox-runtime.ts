import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SysError } from "@aiosjs/sdk/protocol";
import { findPackage } from "../../drivers/find-package.ts";
import { exitOf, NOTHING, timed } from "./runner.ts";
import type { Runner } from "./runner.ts";

const PACKAGE = "@anthropic-ai/sandbox-runtime";

/** As much of it as is called here. */
interface SandboxRuntime {
  readonly SandboxManager: {
    initialize(config: object): Promise<void>;
    wrapWithSandbox(command: string): Promise<string>;
    reset(): Promise<void>;
  };
}

/** @throws SysError EINVAL where a folder was named and it is in none. */
export function sandboxRuntimeIn(folders: readonly string[]): string | undefined {
  const folder = folders.find((one) => existsSync(join(one, "node_modules", PACKAGE)));
  if (folder === undefined && folders.length > 0)
    throw new SysError("EINVAL", `${folders.join(", ")} holds no ${PACKAGE}`, {
      hint: `a folder where npm install ${PACKAGE} was run; bubblewrap, socat and ripgrep are what it takes on Linux`,
    });
  return folder && findPackage(PACKAGE, [folder]);
}

/** Each command in a bubblewrap of its own, without network and with one writable folder, as ours. */
export async function sandboxRuntime(entry: string, folder: string): Promise<Runner> {
  const { SandboxManager } = (await import(pathToFileURL(entry).href)) as SandboxRuntime;
  await SandboxManager.initialize({
    network: { allowedDomains: [], deniedDomains: [] },
    filesystem: { denyRead: [], allowWrite: [realpathSync(folder)], denyWrite: [] },
  });
  return {
    name: PACKAGE,
    run: () => timed(async () => exitOf(await SandboxManager.wrapWithSandbox(NOTHING), [], true)),
    [Symbol.asyncDispose]: () => SandboxManager.reset(),
  };
}
