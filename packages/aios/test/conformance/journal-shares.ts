import { asPid } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import type { RetentiveJournal } from "../../src/drivers/journal/retention.ts";
import type { JournalRecord, ShareRow } from "../../src/kernel/ports.ts";
import { alpha, beta, ofBlob, ofFile } from "../journal-rows.ts";
import type { Store } from "./journal.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 40 * DAY_MS;

const shareRow = (id: string, changes: Partial<ShareRow> = {}): ShareRow => ({
  id,
  tenant: alpha,
  root: "shared",
  path: "a",
  version: null,
  content: null,
  pid: asPid("p1"),
  createdAtMs: 1_000.5,
  expiresAtMs: NOW_MS + 1,
  endedAtMs: null,
  ...changes,
});
const ofShare = (id: string, changes: Partial<ShareRow> = {}): JournalRecord => ({
  kind: "share",
  row: shareRow(id, changes),
});

/** What every journal does with links to files. */
export function shareConformance(newStore: () => Promise<Store>): void {
  const opened = async (): Promise<RetentiveJournal> => (await newStore()).open({ nowMs: () => NOW_MS });
  const open = async (journal: RetentiveJournal): Promise<readonly ShareRow[]> =>
    (await journal.load()).shares.toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const ids = async (journal: RetentiveJournal): Promise<string> => (await open(journal)).map(({ id }) => id).join(" ");

  describe("links to files", () => {
    test("come back as they were written, after a restart too where the journal outlives one, until they are ended", async () => {
      const store = await newStore();
      const pinned = { version: 3, content: { hash: "sha", sizeBytes: 5_000_000_000 } };
      const first = await store.open();
      await first.commit([
        ofShare("s1"),
        ofShare("s2", { ...pinned, path: "报告/gpu 🚀.md", tenant: beta, root: "home/p1" }),
        ofShare("s3"),
        ofShare("s4", { expiresAtMs: 2_000 }),
        ofShare("s3", { endedAtMs: 3_000 }),
      ]);
      if (store.outlives) await first[Symbol.asyncDispose]();
      await using journal = store.outlives ? await store.open() : first;
      expect(await open(journal)).toEqual([
        shareRow("s1"),
        shareRow("s2", { ...pinned, path: "报告/gpu 🚀.md", tenant: beta, root: "home/p1" }),
        shareRow("s4", { expiresAtMs: 2_000 }),
      ]);
    });

    test("end with the file: in the commit that takes it from its path, and in no other", async () => {
      const journal = await opened();
      await journal.commit([
        ofFile("a", 1),
        ofShare("1-gone"),
        ofShare("2-gone", { version: 1, content: { hash: "h", sizeBytes: 1 } }),
        ofShare("3-a folder", { path: "b" }),
        ofShare("4-inside", { path: "a/b" }),
        ofShare("5-beside", { path: "A" }),
        ofShare("6-root", { root: "home/p1" }),
        ofShare("7-tenant", { tenant: beta }),
      ]);
      await journal.commit([ofFile("a", 2, { version: 2 })]);
      expect((await open(journal)).length).toBe(7);
      await journal.commit([
        ofFile("a", 3, { version: 3, kind: "gone", hash: null }),
        ofFile("a", 4, { version: 4 }),
        ofFile("b", 5, { kind: "folder", hash: null }),
        ofShare("8-later"),
      ]);
      expect(await ids(journal)).toBe("4-inside 5-beside 6-root 7-tenant 8-later");
      await journal.commit([{ kind: "filesErased", tenant: alpha, root: "shared" }]);
      expect(await ids(journal)).toBe("6-root 7-tenant");
    });

    test("keep the content that they show as long as they are open, and are forgotten a while after they ended", async () => {
      const journal = await opened();
      const pinned = (hash: string): Partial<ShareRow> => ({ version: 1, content: { hash, sizeBytes: 1 } });
      await journal.commit([
        ...["of nobody", "open", "expired", "ended", "both"].map((hash) => ofBlob(hash, new Uint8Array([1]))),
        ofShare("s1", pinned("open")),
        ofShare("s2", { ...pinned("expired"), expiresAtMs: 9 * DAY_MS }),
        ofShare("s3", { ...pinned("ended"), endedAtMs: 39 * DAY_MS }),
        ofShare("s4", { ...pinned("both"), endedAtMs: 1 }),
        ofShare("s5", pinned("both")),
        ofShare("s6", { expiresAtMs: 11 * DAY_MS }),
      ]);
      const kept = async (): Promise<string> => {
        const hashes = ["of nobody", "open", "expired", "ended", "both"];
        const blobs = await Promise.all(hashes.map((hash) => journal.blob(hash)));
        return blobs.flatMap((blob) => blob?.hash ?? []).join(", ");
      };
      const retention = { keepDays: 30, keepMb: Number.POSITIVE_INFINITY };
      expect(await journal.prune(retention)).toMatchObject({ fileBlobs: 2 });
      expect(await kept()).toBe("open, expired, both");
      // Of one that has expired, the time after it was forgotten.
      expect(await ids(journal)).toBe("s1 s5 s6");
      expect(await journal.prune(retention)).toMatchObject({ fileBlobs: 1 });
      expect(await kept()).toBe("open, both");
    });
  });
}
