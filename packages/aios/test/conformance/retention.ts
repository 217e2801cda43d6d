import { asCallId, asPid } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import type { RetentiveJournal } from "../../src/drivers/journal/retention.ts";
import {
  alpha,
  beta,
  callRow,
  conversation,
  eventRow,
  ofCall,
  ofEvent,
  ofProcess,
  processRow,
} from "../journal-rows.ts";

const DAY_MS = 86_400_000;
const noFiles = { fileVersions: 0, fileBlobs: 0 };

/** How every journal forgets. `opened` makes a fresh one, at an instant. */
export function retentionConformance(opened: (nowMs?: number) => Promise<RetentiveJournal>): void {
  describe("retention", () => {
    test("forgets ended calls, events and zombies that are too old, and their bodies with the last call", async () => {
      const journal = await opened(40 * DAY_MS);
      const at = (ms: number) => ({ queuedAt: ms, startedAt: ms, endedAt: ms, waitingMs: 0, turnaroundMs: 0 });
      const messages = conversation(4);
      const young = 39 * DAY_MS;
      await journal.commit([
        ofProcess(processRow("dead", { state: "zombie", endedAtMs: 1 })),
        ofProcess(processRow("live")),
        ofCall(callRow("live", 1, { request: { messages: messages.slice(0, 3) }, timing: at(1) })),
        ofCall(callRow("live", 2, { state: "intent", result: null, timing: at(1) })),
        ofCall(callRow("live", 3, { request: { messages: messages.slice(0, 2) }, timing: at(young) })),
        ofEvent(eventRow(1)),
        ofEvent(eventRow(2, { atMs: young })),
        ofEvent(eventRow(3)),
      ]);
      const before = await journal.size();
      const pruned = await journal.prune({ keepDays: 30, keepMb: Number.POSITIVE_INFINITY });
      expect(pruned).toEqual({ results: 0, requests: 0, calls: 1, events: 1, processes: 1, ...noFiles });
      const calls = await journal.calls({ tenant: alpha, pid: asPid("live"), afterSeq: 0, limit: 10 });
      expect(calls.map(({ seq }) => seq)).toEqual([2, 3]);
      expect(calls[1]?.request).toEqual({ messages: messages.slice(0, 2) });
      expect(before.bodies - (await journal.size()).bodies).toBe(1);
      expect(await journal.process(asPid("dead"))).toBeUndefined();
      // The newest event stays, however old: numbering goes on from it.
      expect((await journal.load()).lastEventSeq).toBe(3);
    });

    test("what a living program is told again after a restart stays, however old, until the program has ended", async () => {
      const journal = await opened(40 * DAY_MS);
      const told = (pid: string, changes: object) =>
        ofCall(
          callRow(pid, 1, {
            timing: { queuedAt: 1, startedAt: 1, endedAt: 1, waitingMs: 0, turnaroundMs: 0 },
            ...changes,
          }),
        );
      await journal.commit([
        ofProcess(processRow("placed")),
        ofProcess(processRow("hashed")),
        told("placed", { replayKey: "main#0" }),
        told("hashed", { requestHash: "5e1f" }),
      ]);
      const kept = { results: 0, requests: 0, calls: 0, events: 0, processes: 0, ...noFiles };
      expect(await journal.prune({ keepDays: 30, keepMb: 0 })).toEqual(kept);
      await journal.commit([ofProcess(processRow("placed", { state: "zombie", endedAtMs: 39 * DAY_MS }))]);
      expect(await journal.prune({ keepDays: 30, keepMb: Number.POSITIVE_INFINITY })).toEqual({ ...kept, calls: 1 });
    });

    test("what a subscription has not acknowledged stays for it, however old, and goes when it is removed", async () => {
      const journal = await opened(40 * DAY_MS);
      const cursor = {
        tenant: alpha,
        name: "billing",
        pid: null,
        pattern: "**",
        position: 300,
        atMs: 1,
        isRemoved: false,
      };
      const published = (seq: number, tenant = alpha) =>
        ofEvent(
          eventRow(seq, {
            tenant,
            topic: "topic.published",
            body: { topic: "orders", from: null, body: seq },
          } as never),
        );
      const seqs = Array.from({ length: 500 }, (_, index) => index + 1);
      await journal.commit([
        { kind: "cursor", row: cursor },
        { kind: "cursor", row: { ...cursor, tenant: beta, isRemoved: true } },
        ...seqs.map((seq) => published(seq)),
        published(501, beta),
        ofEvent(eventRow(502)),
        ofEvent(eventRow(503)),
      ]);
      const forget = () => journal.prune({ keepDays: 30, keepMb: Number.POSITIVE_INFINITY });
      const left = async () => (await journal.events({ afterSeq: 0, limit: 1_000 })).map(({ seq }) => seq);
      expect((await forget()).events).toBe(302);
      expect(await left()).toEqual([...seqs.slice(300), 503]);
      await journal.commit([{ kind: "cursor", row: { ...cursor, position: 400, isRemoved: true } }]);
      expect((await forget()).events).toBe(200);
      expect(await left()).toEqual([503]);
    });

    test("a journal that is too large loses results first, then requests, then calls, oldest first", async () => {
      const journal = await opened();
      const row = (seq: number) =>
        callRow("p1", seq, {
          request: { messages: [{ role: "user", content: `${seq}`.repeat(10_000) }] },
          result: { text: `${seq} `.repeat(10_000) },
        });
      for (let seq = 1; seq <= 40; seq++) await journal.commit([ofCall(row(seq))]);
      const sizeMb = (await journal.size()).sizeBytes / 1_048_576;
      const first = await journal.prune({ keepDays: 30, keepMb: sizeMb * 0.999 });
      expect(first.results).toBeGreaterThan(0);
      expect(first).toMatchObject({ requests: 0, calls: 0 });
      const oldest = await journal.call(row(1).call);
      expect(oldest).toEqual({ ...row(1), result: undefined });
      const last = await journal.prune({ keepDays: 30, keepMb: 0 });
      expect(last).toMatchObject({ requests: 40, calls: 40 });
      expect(await journal.calls({ tenant: alpha, pid: asPid("p1"), afterSeq: 0, limit: 10 })).toEqual([]);
    });

    test("what was pruned can be said again", async () => {
      const journal = await opened();
      const messages = conversation(5);
      const call = (seq: number, length: number) =>
        callRow("p1", seq, { request: { tools: ["t".repeat(900)], messages: messages.slice(0, length) } });
      await journal.commit([ofCall(call(1, 4))]);
      await journal.prune({ keepDays: 30, keepMb: 0 });
      await journal.commit([ofCall(call(2, 5))]);
      expect((await journal.call(asCallId("p1-2")))?.request).toEqual(call(2, 5).request);
    });
  });
}
