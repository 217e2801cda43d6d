import { asPid } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import type { JournalRecord, KeptNote, NotePlace } from "../../src/kernel/ports.ts";
import { alpha, beta, label, noteBody, noteRow, ofNote } from "../journal-rows.ts";
import type { Store } from "./journal.ts";

/** What every journal does with what programs keep: values, and notes in all their versions. */
export function keptConformance(newStore: () => Promise<Store>): void {
  test("values are found by scope, key and prefix in order of their keys, until they are removed", async () => {
    const journal = await (await newStore()).open();
    const value = { tenant: alpha, scope: "s", version: 1, label, atMs: 1, isRemoved: false };
    await journal.commit([
      { kind: "value", row: { ...value, key: "b/2", value: { deep: [1, "二"] } } },
      { kind: "value", row: { ...value, key: "a", value: null } },
      { kind: "value", row: { ...value, key: "b/1", value: 1 } },
      { kind: "value", row: { ...value, key: "b/1", value: 2, version: 2 } },
      { kind: "value", row: { ...value, key: "b/3", value: 3, isRemoved: true } },
      { kind: "value", row: { ...value, scope: "other", key: "b/4", value: 4 } },
      { kind: "value", row: { ...value, tenant: beta, key: "b/5", value: 5 } },
    ]);
    const query = { tenant: alpha, scope: "s", limit: 10 };
    const found = async (more: object) => (await journal.values({ ...query, ...more })).map(({ key }) => key);
    expect(await found({})).toEqual(["a", "b/1", "b/2"]);
    expect(await found({ prefix: "b/" })).toEqual(["b/1", "b/2"]);
    expect(await found({ prefix: "b/", afterKey: "b/1" })).toEqual(["b/2"]);
    expect(await found({ contains: "/" })).toEqual(["b/1", "b/2"]);
    expect(await found({ contains: "/2", prefix: "b" })).toEqual(["b/2"]);
    expect(await found({ contains: "%" })).toEqual([]);
    expect(await found({ limit: 1 })).toEqual(["a"]);
    expect(await journal.values({ ...query, key: "b/1" })).toEqual([{ ...value, key: "b/1", value: 2, version: 2 }]);
    expect(await found({ key: "b/3" })).toEqual([]);
  });

  describe("notes", () => {
    test("are as their last change made them, found by namespace, tenant and id in order of their ids, in pages", async () => {
      const journal = await (await newStore()).open();
      await journal.commit([
        ofNote("n2"),
        ofNote("n1"),
        ofNote("n1", { version: 2, body: noteBody("newer"), atMs: 2_000, seq: 2 }),
        ofNote("n3", { namespace: "tenant" }),
        ofNote("n4", { tenant: beta }),
        ofNote("n5"),
        ofNote("n5", { version: 2, isRemoved: true }),
      ]);
      const ids = async (query: object) => (await journal.notes({ limit: 10, ...query })).map(({ id }) => id);
      expect(await ids({ tenant: alpha })).toEqual(["n1", "n2", "n3"]);
      expect(await ids({ tenant: alpha, namespaces: ["process:p1"] })).toEqual(["n1", "n2"]);
      expect(await ids({ tenant: alpha, namespaces: [] })).toEqual([]);
      expect(await ids({ tenant: alpha, ids: ["n3", "n4", "n5", "n9"] })).toEqual(["n3"]);
      expect(await ids({})).toEqual(["n1", "n2", "n3", "n4"]);
      expect(await ids({ afterId: "n1", limit: 2 })).toEqual(["n2", "n3"]);
      expect(await journal.noteNamespaces(alpha)).toEqual(["process:p1", "tenant"]);
      const [first] = await journal.notes({ tenant: alpha, ids: ["n1"], limit: 1 });
      expect(first).toEqual(noteRow("n1", { version: 2, body: noteBody("newer"), atMs: 2_000, seq: 2 }));
    });

    test("keep every version, of a note and of the calls of a process", async () => {
      const journal = await (await newStore()).open();
      await journal.commit([
        ofNote("n1"),
        ofNote("n1", { version: 2, atMs: 2_000, seq: 2 }),
        // The clock was put back.
        ofNote("n1", { version: 3, atMs: 1_500, seq: 7, pid: asPid("p2") }),
        ofNote("n2", { seq: 3, atMs: 2_500 }),
        ofNote("n1", { tenant: beta, id: "other" }),
      ]);
      const found = async (query: object) =>
        (await journal.noteVersions({ tenant: alpha, limit: 10, ...query })).map(
          ({ id, version }) => `${id}.${version}`,
        );
      expect(await found({ id: "n1" })).toEqual(["n1.3", "n1.2", "n1.1"]);
      expect(await found({ id: "n1", limit: 1 })).toEqual(["n1.3"]);
      expect(await found({ id: "other" })).toEqual([]);
      expect(await found({ writtenBy: { pid: asPid("p1"), afterSeq: 1 } })).toEqual(["n2.1", "n1.2"]);
    });

    test("tell how they were used, whichever version they are of, until nothing of them is left", async () => {
      const journal = await (await newStore()).open();
      const use = { id: "n1", accessedAtMs: 9_000, previousAtMs: 4_000, retrievals: 3 };
      await journal.commit([ofNote("n1"), { kind: "noteUse", row: use }]);
      await journal.commit([ofNote("n1", { version: 2 })]);
      expect(await journal.notes({ tenant: alpha, limit: 1 })).toMatchObject([{ version: 2, ...use }]);
      await journal.commit([{ kind: "noteErased", id: "n1" }]);
      expect(await journal.notes({ tenant: alpha, limit: 1 })).toEqual([]);
      expect(await journal.noteVersions({ tenant: alpha, id: "n1", limit: 9 })).toEqual([]);
      await journal.commit([ofNote("n1")]);
      expect((await journal.notes({ tenant: alpha, limit: 1 }))[0]?.retrievals).toBeUndefined();
    });

    test("are counted with every change: by namespace, by tenant, and in all", async () => {
      const journal = await (await newStore()).open();
      const bytes = (...texts: string[]) =>
        texts.reduce((sum, text) => sum + Buffer.byteLength(JSON.stringify(noteBody(text))), 0);
      const places = [{ tenant: alpha, namespace: "process:p1" }, { tenant: alpha }, {}, { tenant: beta }];
      const counted = async () => {
        const usage = await journal.noteUsage(places);
        return usage.map(({ notes, bytes: size, pinnedNotes, evictedNotes }) => [
          notes,
          size,
          pinnedNotes,
          evictedNotes,
        ]);
      };
      const none = [0, 0, 0, 0];
      expect(await counted()).toEqual([none, none, none, none]);
      const pinned = { ...noteBody("针"), isPinned: true };
      const pinnedBytes = Buffer.byteLength(JSON.stringify(pinned));
      await journal.commit([
        ofNote("n1"),
        ofNote("n1", { version: 2, body: noteBody("longer"), seq: 2 }),
        ofNote("n2", { body: pinned }),
        ofNote("n3", { namespace: "tenant" }),
        ofNote("n4", { tenant: beta }),
      ]);
      const own = [2, bytes("longer") + pinnedBytes, 1, 0];
      const all = [4, bytes("longer", "n3", "n4") + pinnedBytes, 1, 0];
      expect(await counted()).toEqual([
        own,
        [3, bytes("longer", "n3") + pinnedBytes, 1, 0],
        all,
        [1, bytes("n4"), 0, 0],
      ]);
      expect((await journal.noteUsage([{}]))[0]?.pinnedBytes).toBe(pinnedBytes);
      await journal.commit([
        { kind: "noteEvicted", id: "n1", version: 1, isEvicted: true },
        { kind: "noteEvicted", id: "n2", version: 1, isEvicted: true },
        { kind: "noteEvicted", id: "n4", version: 1, isEvicted: true },
        ofNote("n4", { tenant: beta, version: 2, seq: 3 }),
        { kind: "noteErased", id: "n3" },
      ]);
      expect((await counted()).slice(0, 3)).toEqual([
        [1, bytes("longer"), 0, 1],
        [1, bytes("longer"), 0, 1],
        [2, bytes("longer", "n4"), 0, 1],
      ]);
      expect((await journal.notes({ tenant: alpha, limit: 9 })).map(({ id, isEvicted }) => [id, isEvicted])).toEqual([
        ["n1", undefined],
        ["n2", true],
      ]);
      await journal.commit([
        { kind: "noteEvicted", id: "n2", version: 1, isEvicted: false },
        ofNote("n1", { version: 3, isRemoved: true, seq: 4 }),
      ]);
      expect((await counted())[0]).toEqual([1, pinnedBytes, 1, 0]);
      await journal.commit([
        { kind: "noteErased", id: "n2" },
        { kind: "noteErased", id: "n4" },
      ]);
      expect(await counted()).toEqual([none, none, none, none]);
    });

    test("are counted right after whatever became of them", async () => {
      const journal = await (await newStore()).open();
      const random = createSeededRandom(5);
      const below = (count: number): number => Math.floor(random.next() * count);
      const places = [{}, ...[alpha, beta].flatMap((tenant) => [{ tenant }, { tenant, namespace: "process:p1" }])];
      const versions = new Map<string, number>();
      for (let round = 0; round < 40; round++) {
        const group = Array.from({ length: 1 + below(6) }, (): JournalRecord => {
          const id = `n${below(8)}`;
          const version = versions.get(id) ?? 0;
          const turn = below(8);
          if (turn === 0 && version > 0) {
            versions.delete(id);
            return { kind: "noteErased", id };
          }
          if (turn < 4 && version > 0)
            return { kind: "noteEvicted", id, version: version - below(2), isEvicted: turn < 3 };
          versions.set(id, version + 1);
          const tenant = id < "n4" ? alpha : beta;
          const said = { ...noteBody("x".repeat(below(50))), isPinned: below(3) === 0 };
          return ofNote(id, { tenant, version: version + 1, body: said, isRemoved: below(5) === 0 });
        });
        await journal.commit(group);
        for (const [index, usage] of (await journal.noteUsage(places)).entries()) {
          const { tenant, namespace } = places[index] as NotePlace;
          const all = await journal.notes({ tenant, namespaces: namespace ? [namespace] : undefined, limit: 99 });
          const live = all.filter(({ isEvicted }) => !isEvicted);
          const bytes = (rows: readonly KeptNote[]) =>
            rows.reduce((sum, row) => sum + Buffer.byteLength(JSON.stringify(row.body)), 0);
          const pinned = live.filter((row) => row.body.isPinned);
          expect(usage).toEqual({
            notes: live.length,
            bytes: bytes(live),
            pinnedNotes: pinned.length,
            pinnedBytes: bytes(pinned),
            evictedNotes: all.length - live.length,
          });
        }
      }
      expect(versions.size).toBeGreaterThan(3);
    });

    test("are evicted in order of the last use but one, those first that are meant to be short-lived", async () => {
      const journal = await (await newStore()).open();
      const longTerm = { ...noteBody("kept"), tier: "long-term" as const };
      const used = (id: string, accessedAtMs: number, previousAtMs: number | null): JournalRecord => ({
        kind: "noteUse",
        row: { id, accessedAtMs, previousAtMs, retrievals: 1 },
      });
      await journal.commit([
        ...["often", "seldom", "never", "once", "evicted"].map((id) => ofNote(id, { body: longTerm })),
        ofNote("pinned", { body: { ...longTerm, isPinned: true } }),
        ofNote("episode", { atMs: 5_000 }),
        ofNote("elsewhere", { tenant: beta }),
        used("often", 9_000, 8_000),
        used("seldom", 9_500, 2_000),
        used("once", 9_900, null),
        used("episode", 9_999, 9_000),
        { kind: "noteEvicted", id: "evicted", version: 1, isEvicted: true },
      ]);
      const ids = async (place: object, limit = 9) => (await journal.evictableNotes(place, limit)).map(({ id }) => id);
      expect(await ids({ tenant: alpha })).toEqual(["episode", "never", "once", "seldom", "often"]);
      expect(await ids({ tenant: alpha, namespace: "tenant" })).toEqual([]);
      expect(await ids({}, 1)).toEqual(["elsewhere"]);
      expect((await journal.evictableNotes({ tenant: beta }, 1))[0]).toEqual({
        id: "elsewhere",
        tenant: beta,
        namespace: "process:p1",
        version: 1,
        bytes: Buffer.byteLength(JSON.stringify(noteBody("elsewhere"))),
      });
    });
  });
}
