import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { journalConformance } from "../../../test/conformance/journal.ts";
import { testedEngine } from "../../../test/sqlite-engine.ts";
import type { RetentiveJournal } from "./retention.ts";
import { openSqliteJournal } from "./sqlite.ts";

journalConformance(`sqlite by ${testedEngine.name}`, async () => {
  const home = await mkdtemp(join(tmpdir(), "aios-journal-"));
  const journals: RetentiveJournal[] = [];
  return {
    outlives: true,
    async open(options = {}) {
      const journal = await openSqliteJournal({ path: join(home, "journal.db"), engine: testedEngine, ...options });
      journals.push(journal);
      return journal;
    },
    async [Symbol.asyncDispose]() {
      for (const journal of journals) await journal[Symbol.asyncDispose]();
      await rm(home, { recursive: true });
    },
  };
});
