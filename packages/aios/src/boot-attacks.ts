import { join } from "node:path";
import { createRealClock } from "./drivers/clock/real.ts";
import { createBubblewrap } from "./drivers/sandbox/bubblewrap/driver.ts";
import type { SandboxDriver } from "./kernel/ports.ts";

/** Every driver that claims to hold a program, over folders of its own: what the attacks are made on. */
export async function openAttackedDrivers(
  folder: string,
): Promise<{ readonly drivers: readonly SandboxDriver[] } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const bubblewrap = opened.use(createBubblewrap({ folder: join(folder, "bubblewrap"), clock: createRealClock() }));
  const stack = opened.move();
  return { drivers: [bubblewrap], [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
