import { platform } from "node:os";
import { join } from "node:path";
import { createRealClock } from "./drivers/clock/real.ts";
import { createBubblewrap } from "./drivers/sandbox/bubblewrap/driver.ts";
import { createDockerDriver } from "./drivers/sandbox/docker/driver.ts";
import { defaultImage, engineSockets } from "./drivers/sandbox/docker/engine-sockets.ts";
import { createSeatbelt } from "./drivers/sandbox/seatbelt/driver.ts";
import type { SandboxDriver } from "./kernel/ports.ts";

/** Where a container engine answers, and what its sandboxes consist of. */
export interface AttackedEngine {
  readonly sockets: readonly string[];
  readonly image: string;
}

/** Every driver that claims to hold a program, over folders of its own: what the attacks are made on. */
export async function openAttackedDrivers(
  folder: string,
  /** Default: the machine's own, and the image that the driver takes by default. */
  engine: AttackedEngine = { sockets: engineSockets(process.env), image: defaultImage },
): Promise<{ readonly drivers: readonly SandboxDriver[] } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const clock = createRealClock();
  const bubblewrap = opened.use(createBubblewrap({ folder: join(folder, "bubblewrap"), clock }));
  const ofSystem = platform() === "darwin" ? createSeatbelt({ folder: join(folder, "seatbelt"), clock }) : bubblewrap;
  const docker = createDockerDriver({ folder: join(folder, "docker"), ...engine });
  const stack = opened.move();
  return { drivers: [ofSystem, docker], [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
