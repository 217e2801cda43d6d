import { SysError } from "@aiosjs/sdk/protocol";
import { placeOf } from "../file-path.ts";
import { versionOf } from "../file-writing.ts";
import { expired, withDeadline } from "../with-deadline.ts";
import type { KernelDevice } from "./device.ts";

export const fsWatchDevice: KernelDevice<"fs.watch"> = {
  "fs.watch": async ({ path, afterChange, limit, timeoutMs }, call) => {
    const { parts, signal } = call;
    const { watches } = parts;
    if (!watches) throw new SysError("ENODEV", "this kernel keeps no files");
    const check = (): void => void placeOf(path, "read", call);
    const place = placeOf(path, "read", call);
    const after = afterChange ?? (await watches.last(place));
    const atMs = timeoutMs === undefined ? undefined : parts.clock.nowMs() + timeoutMs;
    try {
      const rows = await withDeadline(parts, { atMs, signal }, (until) =>
        watches.next(place, { afterChange: after, limit, check }, until),
      );
      return { changes: rows.map(versionOf), lastChange: rows.at(-1)?.change ?? after };
    } catch (cause) {
      if (cause === expired) return { changes: [], lastChange: after };
      throw cause;
    }
  },
};
