import { hash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { asCallId, asPid } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import type { RetentiveJournal } from "../../src/drivers/journal/retention.ts";
import { alpha, beta, callRow, conversation, eventRow, ofBlob, ofCall, ofEvent, problem } from "../journal-rows.ts";

/** What every journal does with calls: their rows, requests, results and transcripts. */
export function callConformance(opened: (nowMs?: number) => Promise<RetentiveJournal>): void {
  describe("calls", () => {
    test("an intent stays one until its call has ended, and keeps its request", async () => {
      const journal = await opened();
      const row = callRow("p1", 1, { state: "intent", result: null });
      await journal.commit([ofCall(row)]);
      expect((await journal.load()).intents).toEqual([row]);
      const failed = { ...row, state: "failed" as const, request: undefined, error: problem, device: "sim/n" };
      await journal.commit([ofCall(failed)]);
      expect((await journal.load()).intents).toEqual([]);
      expect(await journal.call(row.call)).toEqual({ ...failed, request: row.request });
    });

    test("a call that ended without an intent, and one without a request, are kept too", async () => {
      const journal = await opened();
      await journal.commit([ofCall(callRow("p1", 1, { request: undefined, result: "x".repeat(5_000) }))]);
      expect(await journal.call(asCallId("p1-1"))).toMatchObject({ state: "done", result: "x".repeat(5_000) });
      expect(await journal.call(asCallId("p1-2"))).toBeUndefined();
    });

    test("a result that is taken back is gone, and its body with it", async () => {
      await using journal = await opened();
      const row = callRow("p1", 1, { result: { text: "secret ".repeat(1_000) } });
      await journal.commit([ofCall({ ...row, state: "intent", result: null })]);
      await journal.commit([ofCall(row)]);
      const { sizeBytes } = await journal.size();
      await journal.commit([ofCall({ ...row, request: undefined, result: null })]);
      expect(await journal.call(asCallId("p1-1"))).toEqual({ ...row, result: null });
      expect((await journal.size()).sizeBytes).toBeLessThan(sizeBytes - 3_000);
    });

    test("requests and results of any JSON come back as they were", async () => {
      const journal = await opened();
      const requests = [
        { messages: conversation(3), model: "auto", tools: [{ name: "t", parameters: { a: "b".repeat(900) } }] },
        { messages: [], model: "auto" },
        { messages: "not a list" },
        { name: "calculator", arguments: { expression: "1 + 1" } },
        { content: '\u0000 \u{1F600} \ud800 "quoted" 漢字'.repeat(100) },
        "text",
        17.25,
        null,
        ["a", { b: null }],
      ];
      const rows = requests.map((request, index) => callRow("p1", index + 1, { request, result: request }));
      await journal.commit(rows.map(ofCall));
      const calls = await journal.calls({ tenant: alpha, pid: asPid("p1"), afterSeq: 0, limit: 100 });
      expect(calls.map(({ request }) => request)).toEqual(requests);
      expect(calls.map(({ result }) => result)).toEqual(requests);
    });

    test("a request that writes a file comes back as it was, and keeps the file's content as long as it is kept", async () => {
      const journal = await opened();
      const texts = ["short", '\u0000 \u{1F600} "quoted" 漢字\r\n'.repeat(300), "\ufeff a mark of its own ".repeat(80)];
      const written = texts.map((content, index) => {
        const bytes = Buffer.from(content);
        const requestContent = hash("sha256", bytes);
        const request = { path: "a", content, encoding: "utf8" };
        const packed = index === 1 ? zstdCompressSync(bytes) : bytes;
        const how = { encoding: index === 1 ? "zstd" : "plain", sizeBytes: bytes.byteLength } as const;
        return {
          row: callRow("p1", index + 1, { request }),
          requestContent,
          blob: ofBlob(requestContent, packed, how),
        };
      });
      for (const { row, requestContent, blob } of written)
        await journal.commit([blob, ofCall({ ...row, requestContent })]);
      // No version has these contents, and the calls are not old.
      await journal.prune({ keepDays: 1e6, keepMb: Number.POSITIVE_INFINITY });
      await journal.prune({ keepDays: 1e6, keepMb: Number.POSITIVE_INFINITY });
      expect(await journal.calls({ tenant: alpha, pid: asPid("p1"), afterSeq: 0, limit: 9 })).toEqual(
        written.map(({ row }) => row),
      );
      await journal.prune({ keepDays: 1e6, keepMb: 0 });
      await journal.prune({ keepDays: 1e6, keepMb: 0 });
      for (const { requestContent } of written) expect(await journal.blob(requestContent)).toBeUndefined();
    });

    test("are listed by process in order of arrival, in pages", async () => {
      const journal = await opened();
      await journal.commit([3, 1, 2, 5, 4].map((seq) => ofCall(callRow("p1", seq))));
      await journal.commit([ofCall(callRow("p2", 1))]);
      const page = (afterSeq: number) => journal.calls({ tenant: alpha, pid: asPid("p1"), afterSeq, limit: 3 });
      expect((await page(0)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
      expect((await page(3)).map(({ seq }) => seq)).toEqual([4, 5]);
      expect(await page(5)).toEqual([]);
    });

    test("are found by the key that their client repeats them under, within their process", async () => {
      const journal = await opened();
      const keyed = callRow("p1", 2, { idempotencyKey: "k" });
      await journal.commit([callRow("p1", 1), keyed, callRow("p2", 1, { idempotencyKey: "k" })].map(ofCall));
      const under = (idempotencyKey: string) =>
        journal.calls({ tenant: alpha, pid: asPid("p1"), afterSeq: 0, limit: 10, idempotencyKey });
      expect(await under("k")).toEqual([keyed]);
      expect(await under("other")).toEqual([]);
    });

    test("tell which start of their program was told of them last, and keep what they are", async () => {
      const journal = await opened();
      const row = callRow("p1", 1, { incarnation: 1, requestHash: "h" });
      await journal.commit([ofCall(row)]);
      await journal.commit([ofCall({ ...row, request: undefined, incarnation: 2 })]);
      expect(await journal.call(row.call)).toEqual({ ...row, incarnation: 2 });
    });

    test("tenants do not see each other's", async () => {
      const journal = await opened();
      await journal.commit([
        ofCall(callRow("p1", 1)),
        ofCall(callRow("p1", 2, { tenant: beta, call: asCallId("of-beta") })),
        ofEvent(eventRow(1)),
        ofEvent(eventRow(2, { tenant: beta })),
      ]);
      const seen = await journal.calls({ tenant: beta, pid: asPid("p1"), afterSeq: 0, limit: 10 });
      expect(seen.map(({ call }) => call)).toEqual(["of-beta"]);
      const events = await journal.events({ afterSeq: 0, limit: 10, tenant: beta });
      expect(events.map(({ seq }) => seq)).toEqual([2]);
    });
  });

  describe("bodies", () => {
    test("a transcript sent again costs its new messages only", async () => {
      const journal = await opened();
      const messages = conversation(30);
      const send = async (seq: number, length: number): Promise<number> => {
        // A fresh copy each time, as a door would parse it.
        const request = structuredClone({ model: "auto", messages: messages.slice(0, length) });
        await journal.commit([ofCall(callRow("p1", seq, { request }))]);
        return (await journal.size()).bodies;
      };
      const before = await send(1, 10);
      expect((await send(2, 11)) - before).toBe(1);
      expect((await send(3, 13)) - before).toBe(3);
      expect((await send(4, 13)) - before).toBe(3);
      const calls = await journal.calls({ tenant: alpha, pid: asPid("p1"), afterSeq: 0, limit: 10 });
      const lengths = [10, 11, 13, 13];
      expect(calls.map(({ request }) => request)).toEqual(
        lengths.map((length) => ({ model: "auto", messages: messages.slice(0, length) })),
      );
    });

    test("conversations that share a beginning, or a message, share its body", async () => {
      const journal = await opened();
      const [system, first, second, third] = conversation(4);
      const requests = [
        [system, first],
        [system, second],
        [first, system],
        [system, first, third],
        [system, second, third],
      ];
      const rows = requests.map((messages, index) => callRow(`p${index}`, 1, { request: { messages } }));
      await journal.commit(rows.map(ofCall));
      const empty = await opened();
      await empty.commit([ofCall(callRow("p", 1, { request: { messages: [system] } }))]);
      expect((await journal.size()).bodies - (await empty.size()).bodies).toBe(3);
      for (const row of rows) expect((await journal.call(row.call))?.request).toEqual(row.request);
    });

    test("many conversations of one process at once are all kept right", async () => {
      const journal = await opened();
      const rows = Array.from({ length: 200 }, (_, index) => {
        const lane = index % 7;
        const messages = conversation(1 + Math.floor(index / 7), 50).map((message) => ({ ...message, lane }));
        return callRow("p1", index + 1, { request: { temperature: lane, messages } });
      });
      await Promise.all(rows.map((row) => journal.commit([ofCall(row)])));
      const calls = await journal.calls({ tenant: alpha, pid: asPid("p1"), afterSeq: 0, limit: 1_000 });
      expect(calls).toEqual(rows);
    });
  });
}
