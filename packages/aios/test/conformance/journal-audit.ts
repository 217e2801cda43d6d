import { generateKeyPairSync, hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { RetentiveJournal } from "../../src/drivers/journal/retention.ts";
import { alpha, eventRow, ofEvent } from "../journal-rows.ts";
import type { Store } from "./journal.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 40 * DAY_MS;

/** A key that signs audit logs, and its public half as verdicts name it. */
export function newAuditKey(): { pem: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  return { pem, key: Buffer.from(x, "base64url").toString("hex") };
}

/** What every journal's audit log does. */
export function auditConformance(newStore: () => Promise<Store>): void {
  describe("the audit log", () => {
    const { pem, key } = newAuditKey();
    const opened = async (auditKey = pem): Promise<RetentiveJournal> =>
      (await newStore()).open({ nowMs: () => NOW_MS, auditKey });
    const write = async (
      journal: RetentiveJournal,
      [from, to]: readonly [number, number],
      atMs = NOW_MS,
    ): Promise<void> => {
      const commits = [];
      for (let seq = from; seq <= to; seq++) commits.push(journal.commit([ofEvent(eventRow(seq, { atMs }))]));
      await Promise.all(commits);
    };

    test("is not there before the first event", async () => {
      const journal = await opened();
      expect(await journal.verifyAudit()).toMatchObject({ home: null, last: 0, fault: null });
    });

    test("has an entry that says that it begins, and one for each event in the order in which they came", async () => {
      const journal = await opened();
      await journal.commit([ofEvent(eventRow(7)), ofEvent(eventRow(3)), ofEvent(eventRow(5))]);
      const verdict = await journal.verifyAudit();
      expect(verdict).toMatchObject({ first: 1, last: 4, events: 3, lastSeqBefore: 0, fault: null, replacedKeys: [] });
      expect(verdict.home).toMatch(/^[0-9a-f]{32}$/);
      // Its own entries are no events of anybody.
      expect((await journal.events({ afterSeq: -100, limit: 10 })).map(({ seq }) => seq)).toEqual([3, 5, 7]);
      expect((await journal.load()).lastEventSeq).toBe(7);
    });

    test("hashes what docs/reference/audit.md says, in its order", async () => {
      const journal = await opened();
      const body = { reason: "因 \u{1F512} \0 \ud800" };
      await journal.commit([ofEvent(eventRow(3, { pid: null, atMs: 1_000.25, body }))]);
      const { home, hash: told } = await journal.verifyAudit();
      const text = (value: string | null): Buffer => {
        if (value === null) return Buffer.from("ffffffff", "hex");
        const bytes = Buffer.from(value);
        const length = Buffer.alloc(4);
        length.writeUInt32BE(bytes.length);
        return Buffer.concat([length, bytes]);
      };
      const double = (value: number): Buffer => {
        const bytes = Buffer.alloc(8);
        bytes.writeDoubleBE(value);
        return bytes;
      };
      const next = (previous: string, [number, seq, topic, tenant, pid, at, said]: unknown[]): string =>
        hash(
          "sha256",
          Buffer.concat([
            Buffer.from(previous, "hex"),
            ...[String(number), String(seq), topic as string, tenant as string, pid as string | null].map(text),
            double(at as number),
            text(said as string),
          ]),
        );
      const began = JSON.stringify({ version: 1, home, lastSeqBefore: 0 });
      const first = next("00".repeat(32), [1, -1, "audit.began", "", null, NOW_MS, began]);
      expect(told).toBe(next(first, [2, 3, "process.resumed", alpha, null, 1_000.25, JSON.stringify(body)]));
    });

    test("an event that is recorded again is not entered again, and is what it was", async () => {
      const journal = await opened();
      await write(journal, [1, 2]);
      await journal.commit([ofEvent(eventRow(1, { body: { reason: "another" } })), ofEvent(eventRow(3))]);
      expect(await journal.verifyAudit()).toMatchObject({ last: 4, events: 3, fault: null });
      expect((await journal.events({ afterSeq: 0, limit: 1 }))[0]?.body).toEqual({ reason: "asked" });
    });

    test("goes on where it was when the journal is opened again", async () => {
      const store = await newStore();
      const journal = await store.open({ nowMs: () => NOW_MS, auditKey: pem });
      await write(journal, [1, 3]);
      const before = await journal.verifyAudit();
      await journal[Symbol.asyncDispose]();
      const again = await store.open({ nowMs: () => NOW_MS, auditKey: pem });
      await write(again, [4, 5]);
      const verdict = await again.verifyAudit({ expected: { number: before.last, hash: before.hash } });
      expect(verdict).toMatchObject({ home: before.home, last: 6, events: 5, fault: null });
    });

    test("is signed when it is asked for, if something in it is new, and when the journal is closed", async () => {
      const store = await newStore();
      const journal = await store.open({ nowMs: () => NOW_MS + 0.5, auditKey: pem });
      await journal.signAudit();
      await write(journal, [1, 3]);
      await journal.signAudit();
      const { checkpoints } = await journal.verifyAudit();
      await journal.signAudit();
      const signed = { number: 4, atMs: NOW_MS, key };
      expect(await journal.verifyAudit({ publicKey: key })).toMatchObject({ checkpoints, signed, fault: null });
      await write(journal, [4, 4]);
      await journal[Symbol.asyncDispose]();
      const again = await store.open({ nowMs: () => NOW_MS });
      expect(await again.verifyAudit({ publicKey: key })).toMatchObject({ signed: { ...signed, number: 5 } });
    });

    test("is signed by nobody where there is no key", async () => {
      const journal = await (await newStore()).open({ nowMs: () => NOW_MS });
      await write(journal, [1, 3]);
      await journal.signAudit();
      expect(await journal.verifyAudit()).toMatchObject({ checkpoints: 0, signed: null, fault: null });
    });

    test("says when its key was replaced, and whoever knows the first one does not accept the second", async () => {
      const store = await newStore();
      const journal = await store.open({ nowMs: () => NOW_MS, auditKey: pem });
      await write(journal, [1, 3]);
      await journal[Symbol.asyncDispose]();
      const other = newAuditKey();
      const again = await store.open({ nowMs: () => NOW_MS, auditKey: other.pem });
      await write(again, [4, 4]);
      await again.signAudit();
      const { fault, replacedKeys, last, signed } = await again.verifyAudit();
      expect({ fault, replacedKeys, last }).toEqual({
        fault: null,
        replacedKeys: [{ number: last, from: key, to: other.key }],
        last,
      });
      expect(signed?.key).toBe(other.key);
      expect((await again.verifyAudit({ publicKey: key })).fault).toMatchObject({ what: "key", number: last });
      expect((await again.verifyAudit({ publicKey: other.key })).fault).toMatchObject({ what: "key" });
      // As if the entry that says so were not there: nobody has told of that key.
      const stranger = await store.open({ nowMs: () => NOW_MS, auditKey: newAuditKey().pem });
      expect((await stranger.verifyAudit()).fault).toMatchObject({ what: "key" });
    });

    test("an entry that is expected and is another one is named, and so is one that is not there any more", async () => {
      const journal = await opened();
      await write(journal, [1, 3]);
      const { hash: last } = await journal.verifyAudit();
      const faultOf = async (number: number, told: string) =>
        (await journal.verifyAudit({ expected: { number, hash: told } })).fault;
      expect(await faultOf(4, last.toUpperCase())).toBeNull();
      expect(await faultOf(3, last)).toMatchObject({ what: "entry", number: 3, seq: 2 });
      expect(await faultOf(5, last)).toMatchObject({ what: "cut-off", number: 5 });
    });

    test("can be verified after it was pruned, from the entry that was forgotten last on, and says that it was", async () => {
      const journal = await opened();
      await write(journal, [1, 450], 1);
      await write(journal, [451, 460]);
      const before = await journal.verifyAudit();
      const { events } = await journal.prune({ keepDays: 30, keepMb: Number.POSITIVE_INFINITY });
      expect(events).toBe(450);
      const after = await journal.verifyAudit({ publicKey: key });
      expect(after).toMatchObject({ home: before.home, first: 452, events: 10, fault: null });
      expect(after.signed?.number).toBe(after.last);
      expect((await journal.events({ afterSeq: 0, limit: 9_999 })).map(({ seq }) => seq)).toEqual(
        Array.from({ length: 10 }, (_, index) => 451 + index),
      );
      // What is forgotten cannot be compared any more; what is left can.
      const { number, hash: kept } = { number: before.last, hash: before.hash };
      expect((await journal.verifyAudit({ expected: { number, hash: kept } })).fault).toBeNull();
      expect((await journal.verifyAudit({ expected: { number: 1, hash: kept } })).fault).toBeNull();
    });

    test("what stays of what is forgotten is entered anew, and stays whole however often it is pruned", async () => {
      const store = await newStore();
      let nowMs = NOW_MS;
      const journal = await store.open({ nowMs: () => nowMs, auditKey: pem });
      const published = (seq: number) =>
        ofEvent(
          eventRow(seq, { atMs: 1, topic: "topic.published", body: { topic: "o", from: null, body: seq } } as never),
        );
      const cursor = { tenant: alpha, name: "c", pid: null, pattern: "**", position: 0, atMs: 1, isRemoved: false };
      await journal.commit([{ kind: "cursor", row: cursor }]);
      await journal.commit(Array.from({ length: 250 }, (_, index) => published(index + 1)));
      await write(journal, [251, 260], 1);
      for (let round = 0; round < 3; round++) {
        await journal.prune({ keepDays: 30, keepMb: Number.POSITIVE_INFINITY });
        const { fault, events } = await journal.verifyAudit({ publicKey: key });
        expect({ fault, events }).toEqual({ fault: null, events: 251 });
        nowMs += DAY_MS;
      }
      await journal.commit([{ kind: "cursor", row: { ...cursor, isRemoved: true } }]);
      await write(journal, [261, 262]);
      expect((await journal.prune({ keepDays: 30, keepMb: Number.POSITIVE_INFINITY })).events).toBe(251);
      expect(await journal.verifyAudit({ publicKey: key })).toMatchObject({ events: 2, fault: null });
    });

    test("with nothing to forget, pruning adds nothing to it", async () => {
      const journal = await opened();
      await write(journal, [1, 5]);
      const { hash: before } = await journal.verifyAudit();
      await journal.prune({ keepDays: 30, keepMb: Number.POSITIVE_INFINITY });
      expect((await journal.verifyAudit()).hash).toBe(before);
    });
  });
}
