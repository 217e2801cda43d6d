// fixtures/journal-v4: of the kernel's second release, killed while an agent's third turn was under way. Its texts and request
// hashes are what programs that survive an upgrade stand on: whoever changes them changes what this replays to.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { openSqliteJournal } from "../../src/drivers/journal/sqlite.ts";
import { finished, kernelOn, newWorld } from "../writer-rig.ts";

test("an agent of the second release goes on behind its last answer, and does nothing again", async () => {
  const home = mkdtempSync(join(tmpdir(), "aios-older-"));
  try {
    const path = join(home, "journal.db");
    const fixture = readFileSync(new URL("../fixtures/journal-v4.db.gz", import.meta.url));
    writeFileSync(path, gunzipSync(fixture));
    const clock = createVirtualClock(2_460);
    await using journal = await openSqliteJournal({ path, nowMs: () => clock.nowMs() });
    const world = newWorld({ word: (step) => `other ${step}` });
    const rig = await kernelOn(world, { journal, clock });
    expect(await finished(rig, "f0n0vy")).toMatchObject({
      code: 0,
      result: "noted step 1 noted step 2 noted other 3 noted other 4",
    });
    expect(world.effects).toEqual(["other 3", "other 4"]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
