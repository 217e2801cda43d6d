import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { asTenantId } from "@aiosjs/sdk/protocol";
import { createRealClock } from "../../drivers/clock/real.ts";
import { createBubblewrap } from "../../drivers/sandbox/bubblewrap/driver.ts";
import type { PoolOptions } from "../../drivers/sandbox/bubblewrap/pool.ts";
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

interface ProcessTier extends AsyncDisposable {
  /** Makes a sandbox for each command, and nothing is made in advance. */
  readonly cold: Runner;
  /** The same, from a pool as it is by default. */
  readonly pooled: Runner;
  /** Has one that is kept. */
  readonly warm: Runner;
}

/** Ours. @throws SysError ENOSYS. */
export async function processTier(folder: string): Promise<ProcessTier> {
  await using opened = new AsyncDisposableStack();
  const clock = createRealClock();
  const open = (name: string, pool?: PoolOptions): SandboxDriver =>
    opened.use(createBubblewrap({ folder: join(folder, name), clock, pool }));
  const [unprepared, prepared] = [open("cold", { min: 0, max: 0 }), open("sandboxes")];
  const kept = await create(prepared);
  opened.defer(() => kept.delete());
  const stack = opened.move();
  return {
    cold: made("cold", unprepared),
    pooled: made("from the pool", prepared),
    warm: { name: "warm", run: () => timed(() => codeOf(kept)), [Symbol.asyncDispose]: nothing },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const nothing = async (): Promise<undefined> => undefined;

const made = (name: string, driver: SandboxDriver): Runner => ({
  name,
  run: async () => {
    let sandbox: Sandbox | undefined;
    const elapsedMs = await timed(async () => codeOf((sandbox = await create(driver))));
    await sandbox?.delete();
    return elapsedMs;
  },
  [Symbol.asyncDispose]: nothing,
});
