// Opens the doors of a kernel where its clients look for them. A composition beside boot.ts.
import { randomInt } from "node:crypto";
import { isSysError } from "@aiosjs/sdk/protocol";
import type { Kernel } from "./kernel/ports.ts";
import { serve } from "./server/server.ts";
import type { Listening, ServeOptions } from "./server/server.ts";

/** How often a port that somebody else has is tried: a stopped kernel's is free when that one has ended. */
const TRY_MS = 1_000;

/** No system gives these to outgoing connections: nobody takes a kernel's port by chance while the kernel is away. */
const FREE_PORTS = [20_000, 32_768] as const;
const FREE_TRIES = 20;

export interface DoorOptions {
  readonly server: ServeOptions & { readonly port: number };
  /** Where earlier kernels of the home were reached, the oldest first. */
  readonly lastPorts: readonly number[];
  /** A stopped kernel still has the port. */
  readonly isTakeover: boolean;
  /** Called with the address and all ports that count, and again when they change. */
  readonly publish: (door: { url: string; ports: readonly number[] }) => void;
}

export interface Doors extends AsyncDisposable {
  readonly url: string;
}

/**
 * Listens on the configured port and no other; where that is 0, wherever earlier kernels of the home were reached: commands and
 * clients that outlive a kernel were given its address, and find the next one there. A port that somebody else has is tried
 * again until it is free. Where none is, it listens on any free one; a configured port is given up so only for a stopped kernel
 * that was taken over from.
 * @throws SysError EBUSY when the configured port is in use, EINVAL
 */
export async function openDoors(kernel: Kernel, options: DoorOptions): Promise<Doors> {
  const { server, lastPorts, isTakeover, publish } = options;
  await using opened = new AsyncDisposableStack();
  const wanted = server.port === 0 ? [...new Set(lastPorts)] : [server.port];
  const doors = new Map<number, Listening>();
  const open = async (port: number): Promise<Listening> => {
    const door = opened.use(await serve(kernel, { ...server, port }));
    doors.set(Number(new URL(door.url).port), door);
    return door;
  };
  for (const port of wanted)
    try {
      await open(port);
    } catch (cause) {
      const mayMove = port !== server.port || isTakeover;
      if (!mayMove || !isTaken(cause)) throw cause;
    }
  for (let left = FREE_TRIES; doors.size === 0; left--)
    try {
      await open(left > 0 ? randomInt(...FREE_PORTS) : 0);
    } catch (cause) {
      if (left === 0 || !isTaken(cause)) throw cause;
    }
  const stack = opened.move();
  const first = (): Listening => {
    const port = wanted.find((one) => doors.has(one));
    return (port === undefined ? [...doors.values()][0] : doors.get(port)) as Listening;
  };
  const tell = (): void => publish({ url: first().url, ports: [...new Set([...wanted, ...doors.keys()])] });
  tell();
  let timer: NodeJS.Timeout | undefined;
  let trying: Promise<void> | undefined;
  const tryAgain = async (): Promise<void> => {
    for (const port of wanted) {
      if (doors.has(port)) continue;
      const door = await serve(kernel, { ...server, port }).catch(() => undefined);
      if (!door) continue;
      stack.use(door);
      doors.set(port, door);
      tell();
    }
    arm();
  };
  const arm = (): void => {
    if (wanted.every((port) => doors.has(port))) return;
    timer = setTimeout(() => {
      trying = tryAgain();
    }, TRY_MS).unref();
  };
  arm();
  return {
    get url() {
      return first().url;
    },
    [Symbol.asyncDispose]: async () => {
      clearTimeout(timer);
      await trying;
      clearTimeout(timer);
      await stack.disposeAsync();
    },
  };
}

const isTaken = (cause: unknown): boolean => isSysError(cause) && ["EBUSY", "EACCES"].includes(cause.code);
