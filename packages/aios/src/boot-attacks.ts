import { platform } from "node:os";
import { join } from "node:path";
import { createRealClock } from "./drivers/clock/real.ts";
import { createBubblewrap } from "./drivers/sandbox/bubblewrap/driver.ts";
import { createDockerDriver } from "./drivers/sandbox/docker/driver.ts";
import { defaultImage, engineSockets } from "./drivers/sandbox/docker/engine-sockets.ts";
import { createQemuDriver } from "./drivers/sandbox/qemu/driver.ts";
import { createSeatbelt } from "./drivers/sandbox/seatbelt/driver.ts";
import type { SandboxDriver } from "./kernel/ports.ts";

/** Where a container engine answers, and what its sandboxes consist of. */
export interface AttackedEngine {
  readonly sockets: readonly string[];
  readonly image: string;
}

/** What virtual machines consist of. */
export interface AttackedGuest {
  readonly guest: string;
  /** Where what has booted is kept. Default: nowhere beyond this. */
  readonly templates?: string | undefined;
  readonly accelerator?: "auto" | "kvm" | "tcg" | undefined;
}

interface AttackedMeans {
  /** Default: the machine's own, and the image that the driver takes by default. */
  readonly engine?: AttackedEngine | undefined;
  /** Default: there is none, and nothing of it is verified. */
  readonly guest?: AttackedGuest | undefined;
}

/** Every driver that claims to hold a program, over folders of its own: what the attacks are made on. */
export async function openAttackedDrivers(
  folder: string,
  { engine = { sockets: engineSockets(process.env), image: defaultImage }, guest }: AttackedMeans,
): Promise<{ readonly drivers: readonly SandboxDriver[] } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const clock = createRealClock();
  const bubblewrap = opened.use(createBubblewrap({ folder: join(folder, "bubblewrap"), clock }));
  const ofSystem = platform() === "darwin" ? createSeatbelt({ folder: join(folder, "seatbelt"), clock }) : bubblewrap;
  const docker = createDockerDriver({ folder: join(folder, "docker"), ...engine });
  const qemu = createQemuDriver({
    guest: join(folder, "guest"),
    ...guest,
    folder: join(folder, "qemu"),
    clock,
  });
  const stack = opened.move();
  return { drivers: [ofSystem, docker, qemu], [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
