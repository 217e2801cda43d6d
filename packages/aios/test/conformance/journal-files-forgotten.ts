import { describe, expect, test } from "vitest";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import type { RetentiveJournal } from "../../src/drivers/journal/retention.ts";
import type { FileRow, JournalRecord } from "../../src/kernel/ports.ts";
import { alpha, callRow, fileRow, ofBlob, ofCall, ofFile } from "../journal-rows.ts";
import { keptIn } from "./journal-files.ts";
import type { Store } from "./journal.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 40 * DAY_MS;
const all = { tenant: alpha, root: "shared", limit: 99_999 };

/** How every journal forgets files. */
export function forgottenFileConformance(newStore: () => Promise<Store>): void {
  const opened = async (): Promise<RetentiveJournal> => (await newStore()).open({ nowMs: () => NOW_MS });
  const prune = async (journal: RetentiveJournal, keepDays: number) => {
    const { fileVersions, fileBlobs } = await journal.prune({ keepDays, keepMb: Number.POSITIVE_INFINITY });
    return { fileVersions, fileBlobs };
  };
  const changes = async (journal: RetentiveJournal): Promise<number[]> =>
    (await journal.fileVersions(all)).map(({ change }) => change);
  const at = (day: number, version: number, more: Partial<FileRow> = {}): Partial<FileRow> => ({
    atMs: day * DAY_MS,
    version,
    ...more,
  });
  const placed = (path: string, version: number): JournalRecord => ({
    kind: "filePlaced",
    tenant: alpha,
    root: "shared",
    path,
    version,
    stamp: "on the disk",
  });

  /** Ten versions of each of 90 paths; each content is of two versions, a long time apart. */
  const manyOld = (): JournalRecord[] =>
    Array.from({ length: 900 }, (_, index) => [
      ofFile(`${index % 90}`, index + 1, at(1, index, { hash: `old ${index % 450}` })),
      ofBlob(`old ${index % 450}`, new Uint8Array([1])),
    ]).flat();

  describe("files that are old", () => {
    test("lose the versions that nobody can have seen since, and never what they are", async () => {
      const journal = await opened();
      await journal.commit([
        ofFile("a", 1, at(1, 1)),
        ofFile("a", 2, at(2, 2)),
        ofFile("a", 3, at(9, 3)),
        ofFile("a", 4, at(31, 4)),
        ofFile("still", 5, at(1, 1)),
        ofFile("a/b", 6, at(1, 1)),
        ofFile("a/b", 7, at(10, 2)),
        ofFile("a/b", 8, at(10, 3)),
      ]);
      expect(await prune(journal, 30)).toEqual({ fileVersions: 3, fileBlobs: 0 });
      expect(await changes(journal)).toEqual([8, 7, 5, 4, 3]);
      expect(await journal.files(all)).toMatchObject([{ change: 4 }, { change: 8 }, { change: 5 }]);
      expect(await prune(journal, 30)).toEqual({ fileVersions: 0, fileBlobs: 0 });
    });

    test("are kept for a time of their own, whether that is shorter than that of calls or longer", async () => {
      const journal = await opened();
      const old = { timing: { queuedAt: 5 * DAY_MS, startedAt: 0, endedAt: 0, waitingMs: 0, turnaroundMs: 0 } };
      await journal.commit([
        ofFile("a", 1, at(1, 1)),
        ofFile("a", 2, at(4, 2)),
        ofFile("a", 3, at(20, 3)),
        ofFile("a", 4, at(39, 4)),
        ofCall(callRow("p1", 1, old)),
      ]);
      const keepMb = Number.POSITIVE_INFINITY;
      expect(await journal.prune({ keepDays: 30, keepFileDays: 38, keepMb })).toMatchObject({
        fileVersions: 0,
        calls: 1,
      });
      await journal.commit([ofCall(callRow("p1", 2, old))]);
      expect(await journal.prune({ keepDays: 38, keepFileDays: 30, keepMb })).toMatchObject({
        fileVersions: 1,
        calls: 0,
      });
      expect(await journal.prune({ keepDays: 38, keepFileDays: 15, keepMb })).toMatchObject({
        fileVersions: 1,
        calls: 0,
      });
      expect(await changes(journal)).toEqual([4, 3]);
    });

    test("go whole once they were removed, unless the disk does not know it yet", async () => {
      const journal = await opened();
      const gone = { kind: "gone", hash: null, sizeBytes: 0 } as const;
      await journal.commit([
        ofFile("lately", 1, at(1, 1)),
        ofFile("lately", 2, at(20, 2, gone)),
        ofFile("long ago", 3, at(1, 1)),
        ofFile("long ago", 4, at(2, 2, gone)),
        ofFile("on the disk", 5, at(1, 1)),
        ofFile("on the disk", 6, at(2, 2, gone)),
        ofFile("there again", 7, at(1, 1, gone)),
        ofFile("there again", 8, at(2, 2)),
        ofFile("the last change", 9, at(2, 1, gone)),
        placed("lately", 2),
        placed("long ago", 2),
        placed("there again", 2),
        placed("the last change", 1),
      ]);
      expect(await prune(journal, 30)).toEqual({ fileVersions: 4, fileBlobs: 0 });
      expect(await changes(journal)).toEqual([9, 8, 6, 2, 1]);
      const left = (await journal.files({ ...all, isGone: true })).map(({ path }) => path);
      expect(left).toEqual(["lately", "on the disk", "the last change"]);
      // A new change is newer than all that there were.
      expect((await journal.load()).lastFileChange).toBe(9);
      await journal.commit([ofFile("new", 10, at(39, 1))]);
      await prune(journal, 30);
      expect((await journal.files({ ...all, isGone: true })).map(({ path }) => path)).toEqual(left.slice(0, 2));
    });

    test("lose the contents that no version has, the time after the version went", async () => {
      const journal = await opened();
      const bytes = new Uint8Array(1_000);
      const contents = ["first", "second", "third", "shared by two"];
      await journal.commit([
        ...contents.map((hash) => ofBlob(hash, bytes)),
        ofBlob("of nobody", new Uint8Array(4_500_000)),
        ofBlob("of nobody either", bytes),
        ofFile("a", 1, at(1, 1, { hash: "first" })),
        ofFile("a", 2, at(2, 2, { hash: "second" })),
        ofFile("a", 3, at(39, 3, { hash: "third" })),
        ofFile("b", 4, at(1, 1, { hash: "shared by two" })),
        ofFile("b", 5, at(3, 2, { hash: null, kind: "folder" })),
        ofFile("c", 6, at(1, 1, { hash: "shared by two" })),
        ofFile("d", 7, at(1, 1, { root: "home/p1", hash: "of nobody" })),
        { kind: "filesErased", tenant: alpha, root: "home/p1" },
      ]);
      const known = async () => {
        const found = await Promise.all(
          [...contents, "of nobody", "of nobody either"].map((hash) => journal.blob(hash)),
        );
        return found.filter((blob) => blob !== undefined).map(({ hash }) => hash);
      };
      expect(await prune(journal, 30)).toEqual({ fileVersions: 2, fileBlobs: 2 });
      expect(await known()).toEqual(contents);
      expect(await prune(journal, 30)).toEqual({ fileVersions: 0, fileBlobs: 1 });
      expect(await known()).toEqual(contents.slice(1));
    });

    test.each([1, 2, 3])("can be said as they were at any time that is kept, after random history %i", async (seed) => {
      const journal = await opened();
      const random = createSeededRandom(seed);
      const below = (count: number): number => Math.floor(random.next() * count);
      let nowMs = 0;
      const records: JournalRecord[] = [];
      for (let change = 1; change <= 700; change++) {
        // Now and then the clock is put back.
        nowMs = Math.max(0, nowMs + (below(20) === 0 ? -DAY_MS / 4 : below(DAY_MS / 8)));
        const path = `${below(40)}`;
        const kind = below(4) === 0 ? "gone" : "file";
        const hash = kind === "gone" ? null : `content ${below(60)}`;
        const sizeBytes = hash?.length ?? 0;
        records.push({
          kind: "file",
          row: fileRow(path, change, { version: change, atMs: nowMs, kind, hash, sizeBytes }),
        });
        if (hash !== null) records.push(ofBlob(hash, Buffer.from(hash)));
        if (below(2) === 0) records.push(placed(path, change));
      }
      await journal.commit(records);
      const before = await journal.fileVersions(all);
      const heads = await journal.files(all);
      let forgotten = 0;
      for (const keepDays of [38, 30, 20, 20]) {
        const { fileVersions, fileBlobs } = await prune(journal, keepDays);
        forgotten += fileVersions + fileBlobs;
        const after = await journal.fileVersions(all);
        for (let atMs = NOW_MS - keepDays * DAY_MS; atMs < NOW_MS; atMs += DAY_MS)
          expect(treeAt(after, atMs)).toEqual(treeAt(before, atMs));
        expect(await journal.files(all)).toEqual(heads);
        for (const root of ["shared", undefined])
          expect((await journal.fileUsage(alpha, root)).keptBytes).toBe(keptIn(after));
        for (const hash of new Set(after.map((row) => row.hash)))
          if (hash !== null) expect(Buffer.from((await journal.blob(hash))?.bytes ?? []).toString()).toBe(hash);
      }
      expect(forgotten).toBeGreaterThan(250);
      expect(nowMs).toBeGreaterThan(25 * DAY_MS);
    });

    test("are all forgotten, however many they are", async () => {
      const journal = await opened();
      await journal.commit(manyOld());
      expect(await prune(journal, 30)).toEqual({ fileVersions: 810, fileBlobs: 0 });
      expect(await prune(journal, 30)).toEqual({ fileVersions: 0, fileBlobs: 360 });
      expect((await journal.files(all)).length).toBe(90);
    });

    test("are forgotten while others are written, none of which goes with them", async () => {
      const journal = await opened();
      await journal.commit(manyOld());
      const written: Promise<void>[] = [];
      let isPruning = true;
      const pruning = prune(journal, 30)
        .then(() => prune(journal, 30))
        .finally(() => (isPruning = false));
      // The old contents that are about to go among them, as of who writes the same text again.
      for (let index = 0; isPruning || index < 50; index++) {
        const hash = `old ${index % 450}`;
        written.push(
          journal.commit([
            ofFile(`new ${index}`, 1_000 + index, at(39, 1, { hash })),
            ofBlob(hash, new Uint8Array([1])),
          ]),
        );
        await (index % 5 === 0 ? written.at(-1) : new Promise((resolve) => setImmediate(resolve)));
      }
      await Promise.all([pruning, ...written]);
      const left = await journal.fileVersions(all);
      expect(left.length).toBeGreaterThan(50);
      for (const hash of new Set(left.map((row) => row.hash ?? ""))) expect(await journal.blob(hash)).toBeDefined();
    });

    test("do not crowd out the calls: how large a journal may be is said without their contents", async () => {
      const journal = await opened();
      const bytes = new Uint8Array(2_000_000).map((_, index) => (index * 7_919) % 251);
      await journal.commit([ofFile("a", 1, { hash: "a" }), ofBlob("a", bytes), ofCall(callRow("p1", 1))]);
      const none = { results: 0, requests: 0, calls: 0 };
      expect(await journal.prune({ keepDays: 1_000, keepMb: 1 })).toMatchObject(none);
      expect(await journal.prune({ keepDays: 1_000, keepMb: 0 })).not.toMatchObject(none);
    });
  });
}

/** What stood at each path at that time. */
function treeAt(versions: readonly FileRow[], atMs: number): Record<string, number> {
  const tree: Record<string, number> = {};
  for (const row of versions.toSorted((left, right) => left.change - right.change)) {
    if (row.atMs > atMs) continue;
    if (row.kind === "gone") delete tree[row.path];
    else tree[row.path] = row.change;
  }
  return tree;
}
