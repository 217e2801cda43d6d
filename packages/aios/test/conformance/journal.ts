import { asCallId, asPid } from "@aiosjs/sdk/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { fenceConformance } from "./fence.ts";
import { retentionConformance } from "./retention.ts";
import type { RetentiveJournal } from "../../src/drivers/journal/retention.ts";
import type { JournalImage, JournalRecord } from "../../src/kernel/ports.ts";
import {
  alpha,
  beta,
  callRow,
  conversation,
  eventRow,
  keyRow,
  ofCall,
  ofEvent,
  ofProcess,
  problem,
  processRow,
} from "../journal-rows.ts";

const DAY_MS = 86_400_000;
/** The moment at which the suite runs: rows of about 1,000 ms are of the same day. */
const NOW_MS = 10_000;

export interface Store extends AsyncDisposable {
  /** Opened again, it is a second handle on the same place. */
  open(options?: { nowMs?: () => number }): Promise<RetentiveJournal>;
  /** Whether what was committed is there after the journal was closed and opened again. */
  readonly outlives: boolean;
}

/** What every journal does. `create` makes a fresh place for one. */
export function journalConformance(name: string, create: () => Promise<Store>): void {
  describe(`journal ${name}`, () => {
    const stores: Store[] = [];
    afterEach(async () => {
      for (const store of stores.splice(0)) await store[Symbol.asyncDispose]();
    });
    const newStore = async (): Promise<Store> => {
      const store = await create();
      stores.push(store);
      return store;
    };
    /** What a kernel would start from: after a restart where the journal outlives one. */
    const imageAfter = async (records: readonly JournalRecord[]): Promise<JournalImage> => {
      const store = await newStore();
      const journal = await store.open({ nowMs: () => NOW_MS });
      await journal.commit(records);
      if (!store.outlives) return journal.load();
      await journal[Symbol.asyncDispose]();
      await using again = await store.open({ nowMs: () => NOW_MS });
      return again.load();
    };
    const opened = async (nowMs = NOW_MS): Promise<RetentiveJournal> => (await newStore()).open({ nowMs: () => nowMs });

    test("a fresh journal holds nothing", async () => {
      const image = await imageAfter([]);
      expect(image).toEqual({
        processes: [],
        keys: [],
        accounts: [],
        buckets: [],
        meta: new Map(),
        intents: [],
        messages: [],
        approvals: [],
        cursors: [],
        timers: [],
        lastMessageSeq: 0,
        lastEventSeq: 0,
      });
    });

    test("every kind of row comes back as it was written", async () => {
      const account = { scope: "tenant:alpha", resource: "costUsd", window: "day", limit: null, used: 0.25 } as const;
      const bucket = { lane: "up/m", bucket: "inputTokens", level: -12.5, atMs: 77.125 } as const;
      const intent = callRow("p1", 2, { state: "intent", result: null, completion: null, firstOutputAtMs: null });
      const { pid, tenant } = intent;
      const message = { seq: 4, tenant, queue: "inbox:p1", from: null, body: { n: "一" }, atMs: 3, takenBy: null };
      const approval = {
        id: "a1",
        tenant,
        pid,
        call: intent.call,
        kind: "ambiguous",
        question: "again?",
        state: "pending",
        answer: null,
        askedAtMs: 2.5,
        answeredAtMs: null,
      } as const;
      const cursor = { tenant, name: "c", pid, pattern: "orders.*", position: 3, atMs: 1, isRemoved: false };
      const timer = {
        id: "t1",
        tenant,
        key: keyRow("k1").id,
        schedule: "0 7 * * 1-5",
        timeZone: "Europe/Berlin",
        program: { kind: "agent", agent: "clerk", task: "早" },
        scopes: ["*"],
        nextAtMs: 77,
        lastPid: null,
        createdAtMs: 1,
        isRemoved: false,
      };
      const image = await imageAfter([
        ofProcess(processRow("p1")),
        { kind: "key", row: keyRow("k1", { pid: asPid("p1"), expiresAtMs: 9, isRevoked: true }) },
        { kind: "account", row: { ...account, windowStartedAtMs: 3 } },
        { kind: "bucket", row: bucket },
        { kind: "meta", key: "state", value: "running" },
        ofCall(callRow("p1", 1)),
        ofCall(intent),
        ofEvent(eventRow(7)),
        { kind: "message", row: message },
        { kind: "message", row: { ...message, seq: 5, takenBy: asCallId("p1-1") } },
        { kind: "approval", row: approval },
        { kind: "approval", row: { ...approval, id: "a2", state: "denied", answer: { by: "me" }, answeredAtMs: 4 } },
        { kind: "cursor", row: cursor },
        { kind: "cursor", row: { ...cursor, name: "gone", isRemoved: true } },
        { kind: "timer", row: timer },
        { kind: "timer", row: { ...timer, id: "t2", isRemoved: true } },
      ]);
      expect(image).toEqual({
        processes: [processRow("p1")],
        keys: [keyRow("k1", { pid: asPid("p1"), expiresAtMs: 9, isRevoked: true })],
        accounts: [{ ...account, windowStartedAtMs: 3 }],
        buckets: [bucket],
        meta: new Map([["state", "running"]]),
        intents: [intent],
        messages: [message],
        approvals: [approval],
        cursors: [cursor],
        timers: [timer],
        lastMessageSeq: 5,
        lastEventSeq: 7,
      });
    });

    test("values are found by scope, key and prefix in order of their keys, until they are removed", async () => {
      const journal = await opened();
      const value = { tenant: alpha, scope: "s", version: 1, atMs: 1, isRemoved: false };
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

    test("a row with the same id takes the place of the one before", async () => {
      const image = await imageAfter([
        ofProcess(processRow("p1", { nice: 5 })),
        ofProcess(processRow("p1", { nice: -5, state: "suspended" })),
        { kind: "meta", key: "a", value: "1" },
        { kind: "meta", key: "a", value: "2" },
        { kind: "bucket", row: { lane: "l", bucket: "requests", level: 1, atMs: 1 } },
        { kind: "bucket", row: { lane: "l", bucket: "requests", level: 2, atMs: 2 } },
        { kind: "key", row: keyRow("k", { scopes: ["*"] }) },
        { kind: "key", row: keyRow("k", { scopes: [] }) },
      ]);
      expect(image.processes.map(({ nice, state }) => [nice, state])).toEqual([[-5, "suspended"]]);
      expect([...image.meta]).toEqual([["a", "2"]]);
      expect(image.buckets.map(({ level }) => level)).toEqual([2]);
      expect(image.keys.map(({ scopes }) => scopes)).toEqual([[]]);
    });

    test("commits made without waiting are applied in the order in which they were made", async () => {
      const journal = await opened();
      const nices = Array.from({ length: 200 }, (_, index) => index);
      const resolved: number[] = [];
      await Promise.all(
        nices.map(async (nice) => {
          await journal.commit([ofProcess(processRow("p1", { nice }))]);
          resolved.push(nice);
        }),
      );
      expect(resolved).toEqual(nices);
      expect((await journal.process(asPid("p1")))?.nice).toBe(199);
    });

    test("of a commit that cannot be written nothing is kept", async () => {
      const journal = await opened();
      const unspeakable = callRow("p1", 1, { request: { size: 1n } });
      const commit = journal.commit([ofProcess(processRow("p1")), ofEvent(eventRow(1)), ofCall(unspeakable)]);
      await expect(commit).rejects.toMatchObject({ code: "EINVAL" });
      await journal.commit([]);
      expect(await journal.process(asPid("p1"))).toBeUndefined();
      expect(await journal.events({ afterSeq: 0, limit: 10 })).toEqual([]);
    });

    test("changing a row after its commit does not change the record", async () => {
      const journal = await opened();
      const capabilities = ["llm.*"];
      const messages = conversation(2);
      const committed = journal.commit([
        ofProcess(processRow("p1", { capabilities })),
        ofCall(callRow("p1", 1, { request: { model: "auto", messages } })),
      ]);
      capabilities.push("*");
      messages.pop();
      await committed;
      expect((await journal.process(asPid("p1")))?.capabilities).toEqual(["llm.*"]);
      expect((await journal.call(asCallId("p1-1")))?.request).toEqual({ model: "auto", messages: conversation(2) });
    });

    test("parameters that change to and fro are recorded as they were sent", async () => {
      const journal = await opened();
      const temperatures = [0, 1, 0, 0, 2, 1, 0];
      const rows = temperatures.map((temperature, index) =>
        callRow("p1", index + 1, { request: { temperature, messages: conversation(2) } }),
      );
      for (const row of rows) await journal.commit([ofCall(row)]);
      expect(await journal.calls({ tenant: alpha, pid: asPid("p1"), afterSeq: 0, limit: 10 })).toEqual(rows);
    });

    test("a request that is changed in place and sent again is recorded as it was sent each time", async () => {
      const journal = await opened();
      const request = { tools: [{ name: "one".repeat(300) }], messages: conversation(3) };
      for (const [seq, text] of ["first", "second"].entries()) {
        (request.messages[1] as { content: string }).content = text;
        (request.tools[0] as { name: string }).name = text.repeat(300);
        await journal.commit([ofCall(callRow("p1", seq + 1, { request }))]);
      }
      const calls = await journal.calls({ tenant: alpha, pid: asPid("p1"), afterSeq: 0, limit: 10 });
      const [first, second] = calls.map((call) => call.request as typeof request);
      expect([first?.messages[1]?.content, second?.messages[1]?.content]).toEqual(["first", "second"]);
      expect([first?.tools[0]?.name, second?.tools[0]?.name]).toEqual(["first".repeat(300), "second".repeat(300)]);
    });

    test("ended processes are loaded for a day", async () => {
      const store = await newStore();
      const journal = await store.open({ nowMs: () => NOW_MS + 2 * DAY_MS });
      const ended = (pid: string, endedAtMs: number) => ofProcess(processRow(pid, { state: "zombie", endedAtMs }));
      await journal.commit([ended("old", NOW_MS), ended("new", NOW_MS + DAY_MS + 1), ofProcess(processRow("live"))]);
      const { processes } = await journal.load();
      expect(processes.map(({ pid }) => pid).toSorted()).toEqual(["live", "new"]);
      expect((await journal.process(asPid("old")))?.state).toBe("zombie");
    });

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

    fenceConformance(newStore);

    describe("events", () => {
      const seqsOf = async (journal: RetentiveJournal, query: object): Promise<number[]> =>
        (await journal.events({ afterSeq: 0, limit: 100, ...query })).map(({ seq }) => seq);

      test("are found by cursor, tenant, process and topic, and any of them together", async () => {
        const journal = await opened();
        await journal.commit([
          ofProcess(processRow("p1")),
          ofEvent(eventRow(1)),
          ofEvent(eventRow(2, { pid: null, topic: "kernel.started", body: { version: "1", wasCrash: false } })),
          ofEvent(eventRow(3, { tenant: beta, pid: asPid("p2") })),
          ofEvent(eventRow(4, { topic: "process.suspended" })),
          ofEvent(eventRow(5, { tenant: beta, pid: asPid("p2"), topic: "process.suspended" })),
        ]);
        expect(await seqsOf(journal, {})).toEqual([1, 2, 3, 4, 5]);
        expect(await seqsOf(journal, { afterSeq: 3 })).toEqual([4, 5]);
        expect(await seqsOf(journal, { limit: 2 })).toEqual([1, 2]);
        expect(await seqsOf(journal, { tenant: alpha })).toEqual([1, 2, 4]);
        expect(await seqsOf(journal, { pid: asPid("p1") })).toEqual([1, 4]);
        expect(await seqsOf(journal, { pid: asPid("p2") })).toEqual([3, 5]);
        expect(await seqsOf(journal, { topics: ["process.suspended", "kernel.started"] })).toEqual([2, 4, 5]);
        expect(await seqsOf(journal, { topics: [] })).toEqual([]);
        expect(await seqsOf(journal, { tenant: beta, pid: asPid("p2"), topics: ["process.resumed"] })).toEqual([3]);
        expect(await seqsOf(journal, { tenant: alpha, pid: asPid("p2") })).toEqual([]);
        expect(await journal.events({ afterSeq: 1, limit: 1 })).toEqual([
          eventRow(2, { pid: null, topic: "kernel.started", body: { version: "1", wasCrash: false } }),
        ]);
      });
    });

    retentionConformance(opened);
  });
}
