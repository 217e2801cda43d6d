// A client that sends a request again is told so by its headers: the official clients' own retries, and idempotency keys.
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Reply } from "../upstream.ts";
import { mortal } from "../mortal-journal.ts";
import { chatBody, errorOf, json, lanesIdle, openDoors } from "./open-doors.ts";
import type { Doors, DoorsOptions, Json } from "./open-doors.ts";

/** Another answer each time. */
const samples = (first: Reply[] = []) => {
  let count = 0;
  return (): Reply => first.shift() ?? { is: "answer", pieces: [`sample ${++count}`] };
};
const limits = { concurrency: 8 };
const open = (options: DoorsOptions = {}): Promise<Doors> => openDoors({ script: samples(), limits, ...options });

const ask = { model: "m", temperature: 1, messages: [{ role: "user" as const, content: "a number" }] };

/** The official client over connections of which the first ones break once their request is at the upstream. */
function clientOver({ url, key, upstream }: Doors, breaks: number): OpenAI {
  let left = breaks;
  let sent = 0;
  return new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: key,
    maxRetries: 2,
    async fetch(input, init) {
      const number = ++sent;
      if (left <= 0) return fetch(input, init);
      left--;
      const broken = new AbortController();
      void upstream.received(number).then(() => broken.abort());
      return fetch(input, { ...init, signal: broken.signal }).catch((cause: unknown) => {
        throw new TypeError("fetch failed", { cause });
      });
    },
  });
}

const chats = async ({ admin }: Doors) => {
  const { processes } = await admin.proc.list({ all: true, kinds: ["client"] });
  const traces = await Promise.all(processes.map(({ pid }) => admin.proc.trace({ pid })));
  return { calls: traces.flatMap(({ calls }) => calls), processes };
};

const textOf = (body: Json): unknown => {
  const [choice] = body["choices"] as { message: { content: string } }[];
  return choice?.message.content;
};

const post = (doors: Doors, headers: Record<string, string>, body: Json = chatBody()): Promise<Response> =>
  doors.fetch("/v1/chat/completions", { headers, body });
const again = { "x-stainless-retry-count": "1" };
const callOf = ({ headers }: Response): string | null => headers.get("x-aios-call");

describe("a retry of the official client", () => {
  test("whose connection broke stays one call, and its answer is a new one", async () => {
    await using doors = await open({ script: samples([{ is: "silence" }]) });
    const answer = await clientOver(doors, 1).chat.completions.create(ask);
    expect(answer.choices[0]?.message.content).toBe("sample 1");
    const { calls, processes } = await chats(doors);
    expect(calls).toMatchObject([{ state: "done" }]);
    expect(processes).toMatchObject([{ done: 1, failed: 0 }]);
    expect(doors.upstream.requests).toHaveLength(2);
  });

  test("of a call that the upstream failed stays one call", async () => {
    await using doors = await open({ script: samples([{ is: "status", status: 500, body: "broken" }]) });
    await clientOver(doors, 0).chat.completions.create(ask);
    expect((await chats(doors)).calls).toMatchObject([{ state: "done" }]);
  });

  test("among five equal requests at once takes none of the others' answers: five samples, five calls", async () => {
    // The other four are under way until the retry is, too.
    const retried = Promise.withResolvers<unknown>();
    const slow = (number: number): Reply => ({ is: "answer", pieces: [`slow ${number}`], after: retried.promise });
    const script = samples([{ is: "silence" }, slow(1), slow(2), slow(3), slow(4)]);
    await using doors = await open({ script });
    void doors.upstream.received(6).then(retried.resolve);
    const client = clientOver(doors, 1);
    const first = client.chat.completions.create(ask);
    await doors.upstream.received(1);
    const others = Array.from({ length: 4 }, () => client.chat.completions.create(ask));
    const texts = (await Promise.all([first, ...others])).map(({ choices }) => choices[0]?.message.content);
    expect(new Set(texts).size).toBe(5);
    expect((await chats(doors)).calls.map(({ state }) => state)).toEqual(Array(5).fill("done"));
  });

  test("joins a call that runs on without its client, or gets the answer that it has had meanwhile", async () => {
    const answered = Promise.withResolvers<unknown>();
    await using doors = await open({ script: samples([{ is: "answer", pieces: ["one"], after: answered.promise }]) });
    const call = (headers: Record<string, string>, signal?: AbortSignal): Promise<Response> =>
      doors.fetch("/v1/syscalls/llm.chat", { headers, body: ask, ...(signal ? { signal } : {}) });
    const leave = new AbortController();
    const left = call({}, leave.signal);
    await doors.upstream.received(1);
    leave.abort();
    await expect(left).rejects.toThrow();
    await doors.fetch("/healthz");
    const joined = call(again);
    await expect.poll(async () => (await chats(doors)).calls.length).toBe(1);
    answered.resolve(undefined);
    expect(await json(await joined)).toMatchObject({ result: { message: { content: "one" } } });
    expect(doors.upstream.requests).toHaveLength(1);

    const slow = Promise.withResolvers<unknown>();
    await using second = await open({ script: samples([{ is: "answer", pieces: ["two"], after: slow.promise }]) });
    const gone = new AbortController();
    const lost = second.fetch("/v1/syscalls/llm.chat", { body: ask, signal: gone.signal });
    await second.upstream.received(1);
    gone.abort();
    await expect(lost).rejects.toThrow();
    await second.fetch("/healthz");
    slow.resolve(undefined);
    await lanesIdle(second);
    const told = await second.fetch("/v1/syscalls/llm.chat", { headers: again, body: ask });
    expect(told.headers.get("x-aios-replayed")).toBe("true");
    expect(await json(told)).toMatchObject({ result: { message: { content: "two" } } });
    expect(second.upstream.requests).toHaveLength(1);
  });

  test("that nobody knows of, or asks for something else, is a call of its own", async () => {
    await using doors = await open({ script: samples([{ is: "status", status: 500, body: "broken" }]) });
    expect((await post(doors, {})).status).toBeGreaterThanOrEqual(500);
    const other = await post(doors, again, chatBody({ messages: [{ role: "user", content: "a colour" }] }));
    expect(other.status).toBe(200);
    const second = await post(doors, {});
    expect((await chats(doors)).calls).toHaveLength(3);
    expect(callOf(second)).not.toBe(callOf(other));
  });
});

describe("after a kill of the kernel", () => {
  /** A kernel that is killed, and one that goes on with its journal. */
  async function twoKernels(
    use: (first: Doors, kill: () => void) => Promise<void>,
    script = samples(),
  ): Promise<Doors> {
    const journal = createMemoryJournal();
    const dying = mortal(journal, { lastCommit: Infinity });
    const first = await open({ journal: dying, script });
    await use(first, () => dying.kill());
    // What it holds of the machine goes; of its journal it reaches nothing any more.
    await Promise.all([first.close(), first.upstream[Symbol.asyncDispose]()]);
    return open({ journal });
  }

  const committed = async ({ admin }: Doors): Promise<void> => {
    // What need not be awaited is written some milliseconds later, in any case before this.
    await admin.proc.compact({ mode: "drop", messages: 1, beforeTokens: 1, afterTokens: 1 });
  };

  test("a retry goes on with the call that was under way, and later ones are new", async () => {
    let call: string | undefined;
    await using doors = await twoKernels(
      async (first, kill) => {
        void post(first, {}).catch(() => undefined);
        await first.upstream.received(1);
        await committed(first);
        call = (await chats(first)).calls[0]?.call;
        kill();
      },
      samples([{ is: "silence" }]),
    );
    expect(call).toBeDefined();
    const [retried, next] = [await post(doors, again), await post(doors, again)];
    expect(callOf(retried)).toBe(call);
    expect(textOf(await json(retried))).toBe("sample 1");
    expect(callOf(next)).not.toBe(call);
    expect((await chats(doors)).calls).toMatchObject([{ call, state: "done" }, { state: "done" }]);
  });

  test("a retry gets the recorded answer of a call that had ended just before", async () => {
    let told: Response | undefined;
    await using doors = await twoKernels(async (first, kill) => {
      told = await post(first, {});
      await committed(first);
      kill();
    });
    const retried = await post(doors, again);
    expect(callOf(retried)).toBe(told && callOf(told));
    expect(retried.headers.get("x-aios-replayed")).toBe("true");
    expect(textOf(await json(retried))).toBe("sample 1");
    expect(doors.upstream.requests).toHaveLength(0);
    const next = await post(doors, {});
    expect(next.headers.get("x-aios-replayed")).toBeNull();
  });

  test("a call under an idempotency key is answered as it was", async () => {
    await using doors = await twoKernels(async (first, kill) => {
      await post(first, { "idempotency-key": "k1" });
      await committed(first);
      kill();
    });
    const retried = await post(doors, { "idempotency-key": "k1" });
    expect(retried.headers.get("x-aios-replayed")).toBe("true");
    expect(textOf(await json(retried))).toBe("sample 1");
    expect((await post(doors, { "idempotency-key": "k1" }, chatBody({ temperature: 0.5 }))).status).toBe(400);
  });
});

describe("an idempotency key", () => {
  test("makes equal requests one call, at once and later, streamed or not", async () => {
    await using doors = await open();
    const key = { "idempotency-key": "order-66" };
    const both = await Promise.all([post(doors, key), post(doors, key)]);
    expect(callOf(both[0])).toBe(callOf(both[1]));
    const later = await post(doors, key, chatBody({ stream: true }));
    expect(later.headers.get("x-aios-replayed")).toBe("true");
    expect(await later.text()).toContain("sample 1");
    expect(doors.upstream.requests).toHaveLength(1);
    const other = await post(doors, { "idempotency-key": "order-67" });
    expect(textOf(await json(other))).toBe("sample 2");
  });

  test("belongs to one request: with another one it is refused in the door's own words", async () => {
    await using doors = await open();
    await post(doors, { "idempotency-key": "k" });
    const other = await post(doors, { "idempotency-key": "k" }, chatBody({ temperature: 0.1 }));
    expect(other.status).toBe(400);
    expect((await errorOf(other))["message"]).toContain("belongs to another request");
  });

  test("lets a call that failed for a while be made again as the same call", async () => {
    await using doors = await open({ script: samples([{ is: "status", status: 500, body: "broken" }]) });
    const key = { "idempotency-key": "k" };
    const failed = await post(doors, key);
    expect(failed.status).toBeGreaterThanOrEqual(500);
    const second = await post(doors, key);
    expect(second.status).toBe(200);
    expect(callOf(second)).toBe(callOf(failed));
    await lanesIdle(doors);
  });
});
