// Opens the doors of a kernel where its clients look for them. A composition beside boot.ts.
import { isSysError } from "@aiosjs/sdk/protocol";
import type { Kernel } from "./kernel/ports.ts";
import { serve } from "./server/server.ts";
import type { Listening, ServeOptions } from "./server/server.ts";

/** How often the port of a kernel that was stopped is tried: it is free when that one has ended. */
const TRY_MS = 1_000;

export interface DoorOptions {
  readonly server: ServeOptions & { readonly port: number };
  /** Where the last kernel of the home was reached. */
  readonly lastPort: number | undefined;
  /** A stopped kernel still has the port. */
  readonly isTakeover: boolean;
  /** Called with the address, and again when it changes. */
  readonly publish: (url: string) => void;
}

export interface Doors extends AsyncDisposable {
  readonly url: string;
}

/**
 * Listens on the configured port; where that is 0, on the one of the kernel before: commands and clients that outlive a
 * kernel find the next one there. While somebody else has that port (a kernel that was stopped and taken over from, or, where
 * the port is 0, anybody), it listens elsewhere, and on that port too as soon as it is free.
 * @throws SysError EBUSY when the configured port is in use, EINVAL
 */
export async function openDoors(kernel: Kernel, options: DoorOptions): Promise<Doors> {
  const { server, lastPort, isTakeover, publish } = options;
  await using opened = new AsyncDisposableStack();
  const wanted = server.port || lastPort || 0;
  let door: Listening;
  let isElsewhere = false;
  try {
    door = opened.use(await serve(kernel, { ...server, port: wanted }));
  } catch (cause) {
    const mayMove = server.port === 0 || isTakeover;
    if (!mayMove || !isSysError(cause) || !["EBUSY", "EACCES"].includes(cause.code)) throw cause;
    door = opened.use(await serve(kernel, { ...server, port: 0 }));
    isElsewhere = true;
  }
  const stack = opened.move();
  publish(door.url);
  let timer: NodeJS.Timeout | undefined;
  let trying: Promise<void> | undefined;
  const move = async (): Promise<void> => {
    const first = await serve(kernel, { ...server, port: wanted }).catch(() => undefined);
    if (!first) return arm();
    stack.use(first);
    door = first;
    publish(first.url);
  };
  const arm = (): void => {
    timer = setTimeout(() => {
      trying = move();
    }, TRY_MS).unref();
  };
  if (isElsewhere) arm();
  return {
    get url() {
      return door.url;
    },
    [Symbol.asyncDispose]: async () => {
      clearTimeout(timer);
      await trying;
      clearTimeout(timer);
      await stack.disposeAsync();
    },
  };
}
