import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { asTenantId } from "@aiosjs/sdk/protocol";
import { createRealClock } from "../../drivers/clock/real.ts";
import { createBubblewrap } from "../../drivers/sandbox/bubblewrap/driver.ts";
import type { Sandbox, SandboxDriver } from "../../kernel/ports.ts";
import { NOTHING, timed } from "./runner.ts";
import type { Runner } from "./runner.ts";

const never = new AbortController().signal;

async function codeOf(sandbox: Sandbox): Promise<number | null> {
  let code: number | null = null;
  for await (const event of sandbox.exec({ argv: [NOTHING], signal: never }))
    if (event.type === "ended") code = event.code;
  return code;
}

const create = (driver: SandboxDriver): Promise<Sandbox> =>
  driver.create({ id: randomBytes(8).toString("hex"), tenant: asTenantId("bench") });

/** Ours: `cold` makes a sandbox for each command, `warm` has one that ran a command before. @throws SysError ENOSYS. */
export async function processTier(folder: string): Promise<{ cold: Runner; warm: Runner } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const driver = opened.use(createBubblewrap({ folder: join(folder, "sandboxes"), clock: createRealClock() }));
  const kept = await create(driver);
  opened.defer(() => kept.delete());
  const stack = opened.move();
  const nothing = async (): Promise<undefined> => undefined;
  return {
    cold: {
      name: "cold",
      run: async () => {
        let sandbox: Sandbox | undefined;
        const elapsedMs = await timed(async () => codeOf((sandbox = await create(driver))));
        await sandbox?.delete();
        return elapsedMs;
      },
      [Symbol.asyncDispose]: nothing,
    },
    warm: { name: "warm", run: () => timed(() => codeOf(kept)), [Symbol.asyncDispose]: nothing },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
