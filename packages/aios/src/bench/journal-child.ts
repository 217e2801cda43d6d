// Events that are appended to the SQLite journal, each a commit of its own that is awaited; what is committed at once is synced at once.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asPid, asTenantId } from "@aiosjs/sdk/protocol";
import type { JournalEvent } from "@aiosjs/sdk/protocol";
import { openSqliteJournal } from "../drivers/journal/sqlite.ts";
import { serveParent } from "./child.ts";

export interface AppendRequest {
  /** Events on their way at once. */
  readonly atOnce: number;
  readonly forMs: number;
}

const tenant = asTenantId("local");
const pid = asPid("p1");

const eventOf = (seq: number): JournalEvent => ({
  seq,
  topic: "process.resumed",
  tenant,
  pid,
  atMs: Date.now(),
  body: { reason: "asked" },
});

serveParent<AppendRequest, { perSecond: number }>(async ({ atOnce, forMs }) => {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-"));
  try {
    await using journal = await openSqliteJournal({ path: join(home, "journal.db") });
    let seq = 0;
    const run = async (ms: number) => {
      const [beganAt, first] = [performance.now(), seq];
      while (performance.now() < beganAt + ms)
        await Promise.all(
          Array.from({ length: atOnce }, () => journal.commit([{ kind: "event", row: eventOf(++seq) }])),
        );
      return ((seq - first) * 1_000) / (performance.now() - beganAt);
    };
    await run(forMs / 2);
    return { perSecond: await run(forMs) };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
