import { asCallId, asKeyId, asPid } from "@aiosjs/sdk/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { auditConformance } from "./journal-audit.ts";
import { callConformance } from "./journal-calls.ts";
import { fenceConformance } from "./fence.ts";
import { fileConformance } from "./journal-files.ts";
import { forgottenFileConformance } from "./journal-files-forgotten.ts";
import { keptConformance } from "./journal-kept.ts";
import { shareConformance } from "./journal-shares.ts";
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
  label,
  ofCall,
  ofEvent,
  ofProcess,
  processRow,
} from "../journal-rows.ts";

const DAY_MS = 86_400_000;
/** The moment at which the suite runs: rows of about 1,000 ms are of the same day. */
const NOW_MS = 10_000;

export interface Store extends AsyncDisposable {
  /** Opened again, it is a second handle on the same place. */
  open(options?: { nowMs?: () => number; auditKey?: string }): Promise<RetentiveJournal>;
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

    test("an answer is there for a call that waits for it: leave until the call ends, a word on making it again until it is made", async () => {
      const states = ["asked", "ambiguous", "intent", "done"] as const;
      const image = await imageAfter(
        states.flatMap((state, seq) =>
          (["gate", "ambiguous"] as const).flatMap((kind): JournalRecord[] => {
            const row = callRow("p1", seq, { call: asCallId(`${kind} ${state}`), state });
            const answered = { state: "approved", answer: { isApproved: true }, answeredBy: asKeyId("k1") } as const;
            const asked = { question: "?", about: null, askedAtMs: seq, answeredAtMs: 9 };
            const { call, tenant, pid } = row;
            return [
              ofCall(row),
              { kind: "approval", row: { id: call, tenant, pid, call, kind, ...answered, ...asked } },
            ];
          }),
        ),
      );
      const ids = image.approvals.map(({ id }) => id).toSorted();
      expect(ids).toEqual(["ambiguous ambiguous", "gate ambiguous", "gate asked", "gate intent"]);
    });

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
        groups: [],
        shares: [],
        mounts: [],
        lastMessageSeq: 0,
        lastEventSeq: 0,
        lastFileChange: 0,
      });
    });

    test("every kind of row comes back as it was written", async () => {
      const account = { scope: "tenant:alpha", resource: "costUsd", window: "day", limit: null, used: 0.25 } as const;
      const bucket = { lane: "up/m", bucket: "inputTokens", level: -12.5, atMs: 77.125 } as const;
      const intent = callRow("p1", 2, { state: "intent", result: null, completion: null, firstOutputAtMs: null });
      const { pid, tenant } = intent;
      const message = {
        seq: 4,
        tenant,
        queue: "inbox:p1",
        from: null,
        body: { n: "一" },
        atMs: 3,
        takenBy: null,
        label,
      };
      const approval = {
        id: "a1",
        tenant,
        pid,
        call: intent.call,
        kind: "ambiguous",
        question: "again?",
        state: "pending",
        answer: null,
        answeredBy: null,
        about: null,
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
      const member = { member: "agent:作家", access: "write", shares: true, expiresAt: 12.5 } as const;
      const group = { tenant, name: "desk", members: [member], createdAtMs: 1, isRemoved: false };
      const mount = {
        tenant,
        name: "docs",
        folder: "/data/文档",
        identity: "1-2",
        isReadOnly: true,
        createdAtMs: 1.5,
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
        { kind: "group", row: { ...group, members: [] } },
        { kind: "group", row: group },
        { kind: "group", row: { ...group, tenant: beta, members: [] } },
        { kind: "group", row: { ...group, name: "gone", isRemoved: true } },
        { kind: "mount", row: mount },
        { kind: "mount", row: { ...mount, tenant: beta, isReadOnly: false } },
        { kind: "mount", row: { ...mount, name: "gone" } },
        { kind: "mount", row: { ...mount, name: "gone", isRemoved: true } },
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
        groups: [group, { ...group, tenant: beta, members: [] }],
        shares: [],
        mounts: [mount, { ...mount, tenant: beta, isReadOnly: false }],
        lastMessageSeq: 5,
        lastEventSeq: 7,
        lastFileChange: 0,
      });
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

    callConformance(opened);

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

    keptConformance(newStore);

    fileConformance(newStore);

    forgottenFileConformance(newStore);

    shareConformance(newStore);

    retentionConformance(opened);

    auditConformance(newStore);
  });
}
