// What the kernel's files are found with. A composition beside boot.ts.
import { SysError } from "@aiosjs/sdk/protocol";
import { createExtractor } from "./drivers/extract/extractor.ts";
import { bytesOf } from "./drivers/fs/content.ts";
import { openSearchIndex } from "./drivers/search/search-index.ts";
import { planOf } from "./files/plan/plan.ts";
import { fileRequestOf } from "./files/query.ts";
import type { Calendar, Clock, FileTools } from "./kernel/ports.ts";

interface FileToolsOptions {
  /** The index is a file of its own, opened by whoever needs it first. Default: in memory. */
  readonly path?: string | undefined;
  readonly clock: Clock;
  readonly calendar: Pick<Calendar, "timeZone">;
}

/** Disposing closes the index and ends the thread that reads files. */
export function createFileTools({ path, clock, calendar }: FileToolsOptions): FileTools & AsyncDisposable {
  const opened = new AsyncDisposableStack();
  const extractor = opened.use(createExtractor());
  return {
    openIndex: async () => {
      const stops = (): SysError => new SysError("EIO", "the kernel stops: its index of files is closed");
      if (opened.disposed) throw stops();
      const index = await openSearchIndex(path === undefined ? {} : { path });
      if (!opened.disposed) return opened.use(index);
      // Asked for before the end, and there after it: its thread would hold up the process for ever.
      await index[Symbol.asyncDispose]();
      throw stops();
    },
    read: (name, content) => extractor.read({ path: name, bytes: bytesOf(content) }),
    understand: (request) => fileRequestOf(request, { now: clock.nowMs(), zone: calendar.timeZone }),
    plan: (request, { nowMs: now, ...by }) => planOf(request, { now, zone: calendar.timeZone, cwd: ".", ...by }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
