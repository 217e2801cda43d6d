// Where programs run whole in a sandbox: a composition beside boot.ts, for modules, and beside command-host.ts, for commands.
import { join } from "node:path";
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { createBubblewrap } from "./drivers/sandbox/bubblewrap/driver.ts";
import type { ModuleJail } from "./drivers/proc/start-module.ts";
import type { Clock, SandboxDriver } from "./kernel/ports.ts";

/** Of the kernel of this generation over the home. */
export function openModuleJail(options: {
  readonly home: string;
  readonly clock: Clock;
  readonly generation: number;
}): ModuleJail & AsyncDisposable {
  const { home, ...rest } = options;
  const bubblewrap = createBubblewrap({ folder: join(home, "sandboxes", "modules"), pool: { min: 0 }, ...rest });
  let cleared: Promise<void> | undefined;
  return {
    driver: {
      async create(spec) {
        await (cleared ??= clearLeft(bubblewrap));
        return bubblewrap.create(spec).catch((cause: unknown) => {
          throw isSysError(cause) && cause.code === "ENOSYS" ? unconfined(cause) : cause;
        });
      },
    },
    hidden: [home],
    [Symbol.asyncDispose]: () => bubblewrap[Symbol.asyncDispose](),
  };
}

const unconfined = (cause: SysError): SysError =>
  new SysError("ENOSYS", cause.message, {
    cause,
    hint: `${cause.hint ?? "aios doctor"}; or give modules all your rights: aios config set sandbox.modules at-large`,
  });

/** A module ends with its kernel; the sandbox of one that was killed with it is nobody's any more. */
async function clearLeft(driver: SandboxDriver): Promise<void> {
  for (const { id } of await driver.list()) await (await driver.attach(id))?.delete().catch(() => undefined);
}
