// What the kernel's files are found with. A composition beside boot.ts.
import { openIndex } from "./boot-index.ts";
import type { IndexOptions } from "./boot-index.ts";
import { createExtractor } from "./drivers/extract/extractor.ts";
import { bytesOf } from "./drivers/fs/content.ts";
import { diffOf } from "./files/diff.ts";
import { planOf } from "./files/plan/plan.ts";
import { fileRequestOf } from "./files/query.ts";
import type { Calendar, Clock, FileTools } from "./kernel/ports.ts";

interface FileToolsOptions extends IndexOptions {
  readonly clock: Clock;
  readonly calendar: Pick<Calendar, "timeZone">;
}

/** Disposing closes the index and ends the thread that reads files. */
export function createFileTools({ clock, calendar, ...index }: FileToolsOptions): FileTools & AsyncDisposable {
  const opened = new AsyncDisposableStack();
  const extractor = opened.use(createExtractor());
  return {
    openIndex: () => openIndex("files", index, opened),
    embedder: index.embedder,
    read: (name, content) => extractor.read({ path: name, bytes: bytesOf(content) }),
    compare: (from, to) => diffOf(from, to),
    understand: (request) => fileRequestOf(request, { now: clock.nowMs(), zone: calendar.timeZone }),
    plan: (request, { nowMs: now, ...by }) => planOf(request, { now, zone: calendar.timeZone, cwd: ".", ...by }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
