import { asPid } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { eventRow, ofEvent, ofProcess, processRow } from "../journal-rows.ts";
import type { Store } from "./journal.ts";

const nodeOf = (id: string) => ({ id, hostPid: id.length * 1_000, leaseMs: 15_000, isSole: true });
const [a, b, c] = [nodeOf("a"), nodeOf("bb"), nodeOf("ccc")];

/** What every journal does for kernels that take each other's place on it. */
export function fenceConformance(newStore: () => Promise<Store>): void {
  describe("fence", () => {
    test("nobody holds a fresh journal; who claims it holds it, and is seen to live by what it renews", async () => {
      const store = await newStore();
      const [journal, other] = [await store.open(), await store.open()];
      expect(await other.holder()).toBeUndefined();
      expect(await journal.claim(a, "anyone")).toEqual({ ...a, epoch: 1, beat: 0 });
      await journal.renew({ isSole: true });
      await journal.renew({ isSole: false });
      expect(await other.holder()).toEqual({ ...a, epoch: 1, beat: 2, isSole: false });
    });

    test("of whose journal was claimed by another, no commit and no renewal is taken any more, for ever", async () => {
      const store = await newStore();
      const [first, second] = [await store.open(), await store.open()];
      await first.claim(a, "anyone");
      await first.commit([ofEvent(eventRow(1)), ofProcess(processRow("p1", { nice: 1 }))]);
      expect((await second.claim(b, "anyone")).epoch).toBe(2);
      const fenced = { code: "ESTALE", retryable: false, message: expect.stringContaining("2000") as string };
      const late = [ofEvent(eventRow(2)), ofProcess(processRow("p1", { nice: 9 }))];
      for (let round = 0; round < 3; round++) {
        await expect(first.commit(late)).rejects.toMatchObject(fenced);
        await expect(first.renew({ isSole: true })).rejects.toMatchObject(fenced);
      }
      await second.commit([ofEvent(eventRow(3))]);
      // What the first one wrote before stays; of what came late there is nothing. It may still read.
      expect((await first.events({ afterSeq: 0, limit: 10 })).map(({ seq }) => seq)).toEqual([1, 3]);
      expect((await first.process(asPid("p1")))?.nice).toBe(1);
      expect((await first.holder())?.id).toBe("bb");
    });

    test("of many commits under way when another claims, none after the first refused one is kept", async () => {
      const store = await newStore();
      const [first, second] = [await store.open(), await store.open()];
      await first.claim(a, "anyone");
      const commits = Array.from({ length: 300 }, (_, index) => first.commit([ofEvent(eventRow(index + 1))]));
      const outcomes = Promise.allSettled(commits);
      await commits[0];
      await second.claim(b, "anyone");
      const kept = (await outcomes).filter(({ status }) => status === "fulfilled").length;
      const seqs = (await second.events({ afterSeq: 0, limit: 1_000 })).map(({ seq }) => seq);
      expect(seqs).toEqual(Array.from({ length: kept }, (_, index) => index + 1));
    });

    test("who wants the place of a holder that it saw gets it only while that one has not renewed", async () => {
      const store = await newStore();
      const [first, second, third] = [await store.open(), await store.open(), await store.open()];
      const seen = await first.claim(a, "anyone");
      await first.renew({ isSole: true });
      await expect(second.claim(b, seen)).rejects.toMatchObject({
        code: "EBUSY",
        message: expect.stringContaining("1000") as string,
      });
      await first.commit([ofEvent(eventRow(1))]);
      const silent = await second.holder();
      if (silent === undefined) throw new Error("nobody holds it");
      expect(await second.claim(b, silent)).toEqual({ ...b, epoch: 2, beat: 0 });
      // The third one saw the same, and comes too late.
      await expect(third.claim(c, silent)).rejects.toMatchObject({ code: "EBUSY" });
      await expect(first.commit([ofEvent(eventRow(3))])).rejects.toMatchObject({ code: "ESTALE" });
      await second.commit([ofEvent(eventRow(2))]);
    });

    test("who was fenced may claim again, and goes on", async () => {
      const store = await newStore();
      const [first, second] = [await store.open(), await store.open()];
      await first.claim(a, "anyone");
      await second.claim(b, "anyone");
      expect((await first.claim(a, "anyone")).epoch).toBe(3);
      await first.commit([ofEvent(eventRow(1))]);
      await expect(second.commit([ofEvent(eventRow(2))])).rejects.toMatchObject({ code: "ESTALE" });
    });
  });
}
