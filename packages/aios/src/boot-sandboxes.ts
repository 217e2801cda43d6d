import { rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { platform } from "node:os";
import { dirname, join, resolve } from "node:path";
import { secretsFor } from "./boot-secrets.ts";
import { egressSocket } from "./config/home.ts";
import type { Config } from "./config/schema.ts";
import { openEgressProxy } from "./drivers/egress/proxy.ts";
import type { EgressProxyOptions } from "./drivers/egress/proxy.ts";
import { createBubblewrap } from "./drivers/sandbox/bubblewrap/driver.ts";
import { createDockerDriver } from "./drivers/sandbox/docker/driver.ts";
import { defaultImage, engineSockets } from "./drivers/sandbox/docker/engine-sockets.ts";
import { createQemuDriver } from "./drivers/sandbox/qemu/driver.ts";
import { createQuickJsDriver } from "./drivers/sandbox/quickjs/driver.ts";
import { createSeatbelt } from "./drivers/sandbox/seatbelt/driver.ts";
import { systemWsl } from "./drivers/sandbox/wsl/distribution.ts";
import { createWsl } from "./drivers/sandbox/wsl/driver.ts";
import type { Clock, SandboxDriver } from "./kernel/ports.ts";
import type { SandboxPorts } from "./kernel/sandboxes-port.ts";

/** Each of these is for one system. On another it is asked where the configuration names it, and says what it lacks. */
const systems: Readonly<Record<string, NodeJS.Platform>> = { bubblewrap: "linux", seatbelt: "darwin", wsl: "win32" };

interface SandboxOptions extends Pick<EgressProxyOptions, "resolve" | "openAddresses"> {
  readonly home: string;
  readonly config: Pick<Config, "sandbox">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Of the kernel over this home. */
  readonly generation: number;
}

/** The drivers that the configuration leaves in, over folders of the home; nothing is started before it is asked for. */
export function openSandboxes(options: SandboxOptions): SandboxPorts & AsyncDisposable {
  const { home, config, env, clock, generation, ...addresses } = options;
  const { driver: wanted, image = defaultImage, distribution, qemu } = config.sandbox;
  const folder = join(home, "sandboxes");
  // Sockets that a killed kernel has left: those of sandboxes that are still there are made anew when they are used.
  rmSync(join(home, "egress"), { recursive: true, force: true });
  const bubblewrap = createBubblewrap({ folder: join(folder, "bubblewrap"), clock, generation });
  const all: readonly SandboxDriver[] = [
    createQuickJsDriver({ folders: [home, process.cwd(), import.meta.dirname] }),
    bubblewrap,
    createSeatbelt({ folder: join(folder, "seatbelt"), clock, generation }),
    createWsl({ folder: join(folder, "wsl"), clock, generation, program: systemWsl(env), distribution }),
    createDockerDriver({ folder: join(folder, "docker"), sockets: engineSockets(env), image }),
    createQemuDriver({ ...qemu, folder: join(folder, "qemu"), guest: resolve(home, qemu.guest), clock }),
  ];
  return {
    drivers: all.filter(({ name }) =>
      wanted === "auto" ? (systems[name] ?? platform()) === platform() : name === wanted,
    ),
    async openEgress({ id, tenant, allowed, secrets, tell }) {
      const socketPath = egressSocket(home, id);
      const proxy = await openEgressProxy({
        ...addresses,
        socketPath,
        allowed,
        findSecret: (name) => secretsFor(home, { tenant, granted: secrets() })(name),
        tell: ({ type, ...body }) => tell({ topic: type, body } as Parameters<typeof tell>[0]),
      });
      return {
        socketPath: proxy.socketPath,
        async [Symbol.asyncDispose]() {
          await proxy[Symbol.asyncDispose]();
          await rm(dirname(socketPath), { recursive: true, force: true });
        },
      };
    },
    [Symbol.asyncDispose]: () => bubblewrap[Symbol.asyncDispose](),
  };
}
