import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Toolbox } from "../../src/kernel/ports.ts";
import { chunk } from "../upstream.ts";
import { allOf, chatBody, framesOf, json, openDoors, turn } from "./open-doors.ts";
import type { Doors } from "./open-doors.ts";

/** Opened by the test that asks for "gated". */
const gate = Promise.withResolvers<void>();

let doors: Doors;
beforeAll(async () => {
  doors = await openDoors({
    script: ({ body }) =>
      body.messages?.at(-1)?.content === "gated" ? { is: "answer", after: gate.promise } : { is: "answer" },
  });
});
afterAll(() => doors[Symbol.asyncDispose]());

describe("native calls", () => {
  const ask = { messages: [{ role: "user", content: "hi" }], model: "m", stream: true };
  const events = { accept: "text/event-stream" };

  test("a call is answered as JSON, or told event by event", async () => {
    const whole = await json(await doors.fetch("/v1/syscalls/llm.chat", { body: ask }));
    expect(whole).toMatchObject({
      result: { message: { content: "Hello, world." }, model: "up/m" },
      usage: { inputTokens: 12, outputTokens: 7 },
      timing: { waitingMs: expect.any(Number) as number },
    });
    const response = await doors.fetch("/v1/syscalls/llm.chat", { body: ask, headers: events });
    const frames = await allOf(framesOf(response));
    expect(frames.map(({ id }) => Number(id))).toEqual(frames.map((_frame, index) => index));
    const types = frames.map(({ data }) => (JSON.parse(data ?? "") as { type: string }).type);
    expect([types[0], types[1], types.at(-1)]).toEqual(["syscall.queued", "syscall.started", "syscall.completed"]);
    expect(types.filter((type) => type === "text.delta").length).toBe(4);
  });

  test("an empty body is a call without arguments", async () => {
    const response = await doors.fetch("/v1/syscalls/sys.status", { body: "" });
    expect((await json(response))["result"]).toMatchObject({ name: "test" });
  });

  test("what is refused at once keeps its status for who wants events, too", async () => {
    const response = await doors.fetch("/v1/syscalls/llm.chat", { body: { messages: [] }, headers: events });
    expect([response.status, (await json(response))["code"]]).toEqual([400, "EINVAL"]);
  });

  test("a client that lost its connection reads on where it was, while the call runs and after it", async () => {
    const left = new AbortController();
    const body = { ...ask, messages: [{ role: "user", content: "gated" }] };
    const response = await doors.fetch("/v1/syscalls/llm.chat", { body, headers: events, signal: left.signal });
    const call = response.headers.get("x-aios-call") ?? "";
    const seen = [];
    for await (const frame of framesOf(response)) {
      seen.push(frame);
      if (frame.data?.includes("syscall.started")) break;
    }
    left.abort();
    const resume = (last: string): Promise<Response> =>
      doors.fetch(`/v1/calls/${call}`, { headers: { ...events, "last-event-id": last } });
    const resumed = resume(seen.at(-1)?.id ?? "");
    gate.resolve();
    const rest = await allOf(framesOf(await resumed));
    expect(rest.map(({ id }) => Number(id))).toEqual(rest.map((_frame, index) => seen.length + index));
    expect(rest.at(-1)?.data).toMatch(/"syscall.completed"/);
    const again = await allOf(framesOf(await resume("2")));
    expect([...seen, ...rest].slice(3)).toEqual(again);
    expect(await allOf(framesOf(await resume(String(again.at(-1)?.id))))).toEqual([]);
    expect(await json(await doors.fetch(`/v1/calls/${call}`))).toMatchObject({ state: "done", name: "llm.chat" });
    const wrong = await resume("soon");
    expect([wrong.status, (await json(wrong))["detail"]]).toEqual([400, 'Last-Event-ID is "soon"']);
  });

  test("a call whose client left before it knew the call's id is ended: nobody could come back for it", async () => {
    await using busy = await openDoors({
      limits: { concurrency: 1 },
      waits: { refusalMs: 60_000 },
      script: () => ({ is: "silence" }),
    });
    const waiting = async (): Promise<number> => {
      await turn();
      return (await busy.admin.llm.lanes({})).lanes[0]?.queued ?? 0;
    };
    const running = new AbortController();
    const first = busy.fetch("/v1/chat/completions", { body: chatBody(), signal: running.signal });
    await busy.upstream.received(1);
    const left = new AbortController();
    const second = busy.fetch("/v1/syscalls/llm.chat", { body: ask, headers: events, signal: left.signal });
    const ended = Promise.all([first, second].map((response) => expect(response).rejects.toThrow(/aborted/)));
    while ((await waiting()) === 0);
    left.abort();
    while ((await waiting()) > 0);
    running.abort();
    await ended;
  });

  test("a call whose record is gone is told from the journal", async () => {
    // A foreign client's record is dropped with its last event.
    const response = await doors.fetch("/v1/chat/completions", { body: chatBody() });
    await response.text();
    const call = response.headers.get("x-aios-call") ?? "";
    const [last, ...more] = await allOf(framesOf(await doors.fetch(`/v1/calls/${call}`, { headers: events })));
    expect(more).toEqual([]);
    expect(JSON.parse(last?.data ?? "")).toMatchObject({
      type: "syscall.completed",
      result: { message: { content: "Hello, world." } },
      usage: { inputTokens: 12 },
    });
    const shown = await doors.fetch(`/v1/calls/${call}`);
    expect([shown.headers.get("x-aios-call"), (await json(shown))["state"]]).toEqual([call, "done"]);
  });

  test("another tenant's call does not exist", async () => {
    const mine = await doors.fetch("/v1/syscalls/llm.chat", { body: ask });
    await mine.text();
    const { key } = await doors.admin.key.create({ tenant: "other", scopes: ["llm.*", "call.*"] });
    for (const accept of ["application/json", "text/event-stream"]) {
      const other = await doors.fetch(`/v1/calls/${mine.headers.get("x-aios-call")}`, { key, headers: { accept } });
      expect(other.status).toBe(404);
    }
  });
});

describe("the journal's events", () => {
  const read = async (path: string, until: (topic: string) => boolean, headers: Record<string, string> = {}) => {
    const left = new AbortController();
    const response = await doors.fetch(path, { headers, signal: left.signal });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
    const found: { seq: number; topic: string; pid: string | null }[] = [];
    for await (const { id, data } of framesOf(response)) {
      const event = JSON.parse(data ?? "") as { seq: number; topic: string; pid: string | null };
      expect(id).toBe(String(event.seq));
      found.push(event);
      if (until(event.topic)) break;
    }
    left.abort();
    return found;
  };

  test("are told from any point on, and go on where a client lost them", async () => {
    await (await doors.fetch("/v1/chat/completions", { body: chatBody() })).text();
    const all = await read("/v1/events?after=0", (topic) => topic === "syscall.completed");
    expect(all[0]).toMatchObject({ seq: 1, topic: "kernel.started" });
    const [first] = all;
    const resumed = await read("/v1/events?after=99999", (topic) => topic === "syscall.completed", {
      "last-event-id": String(first?.seq),
    });
    expect(resumed).toEqual(all.slice(1));
  });

  test("are told by topic and by process, live ones too", async () => {
    const response = await doors.fetch("/v1/chat/completions", { body: chatBody(), headers: { "session-id": "bob" } });
    await response.text();
    const pid = response.headers.get("x-aios-pid") ?? "";
    const spawned = await read(`/v1/events?after=0&topic=process.spawned,key.created&pid=${pid}`, () => true);
    expect(spawned).toMatchObject([{ topic: "process.spawned", pid }]);
    const live = read("/v1/events?topic=key.created", () => true);
    // The stream has no past: keys are made until one falls into its time.
    let isOver = false;
    void live.then(() => (isOver = true));
    while (!isOver) {
      await doors.admin.key.create({});
      await turn();
    }
    expect((await live)[0]?.topic).toBe("key.created");
  });

  test("a wrong cursor is refused by its name", async () => {
    for (const [path, headers] of [
      ["/v1/events?after=x", {}],
      ["/v1/events?after=-1", {}],
      ["/v1/events", { "last-event-id": "x" }],
    ] as const) {
      const response = await doors.fetch(path, { headers });
      expect([response.status, (await json(response))["code"]]).toEqual([400, "EINVAL"]);
    }
  });
});

describe("a slow reader", () => {
  const writes = Array.from({ length: 400 }, () => chunk({ content: "x".repeat(20_000) }));

  test("pins neither the kernel nor the upstream, and gets every word", async () => {
    await using slow = await openDoors({
      script: () => ({
        is: "raw",
        writes: [...writes, chunk({}, { finishReason: "stop" }), "data: [DONE]\n\n"],
        end: "end",
      }),
    });
    const socket = connect(Number(new URL(slow.url).port), "127.0.0.1");
    const body = JSON.stringify(chatBody({ stream: true }));
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${slow.key}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    );
    await once(socket, "readable"); // and reads nothing of it
    // 8 MB do not fit into the socket's buffers: the call ends all the same, and its slot is free.
    await (
      await slow.upstream.received(1)
    ).closed;
    for (let done = 0; done === 0;) {
      const { processes } = await slow.admin.proc.list({});
      done = processes.reduce((sum, process) => sum + process.done, 0);
      await turn();
    }
    let text = "";
    for await (const part of socket.setEncoding("utf8")) text += part as string;
    expect(text.split('"content":"xxx').length - 1).toBe(writes.length);
    expect(text).toMatch(/data: \[DONE\]/);
  });
});

/** Sends money, which nobody can take back. */
const wire: Toolbox = {
  name: "wire",
  device: "tool",
  concurrency: 1,
  tools: () => [
    {
      name: "wire",
      description: "",
      parameters: { type: "object" },
      effect: "unsafe",
      access: { effect: "write", gate: "L0", irreversible: true },
    },
  ],
  // oxlint-disable-next-line require-await
  async *execute() {
    yield [{ type: "result", result: { content: "sent" } }];
  },
};

describe("a call that waits for a person's leave", () => {
  const body = { name: "wire", arguments: { amount: 5 } };
  const asked = async ({ admin }: Doors): Promise<string> => {
    for (;;) {
      const [question] = (await admin.approval.list()).approvals;
      if (question) return question.id;
      await nextTurn();
    }
  };

  test("is told so after a while, goes on without its client, and tells its end to who comes back", async () => {
    await using one = await openDoors({ drivers: [wire], waits: { pendingMs: 20 } });
    const response = await one.fetch("/v1/syscalls/tool.call", { body });
    const problem = (await json(response)) as { code: string; call: string; hint: string };
    expect([response.status, problem.code]).toEqual([202, "EPENDING"]);
    expect(problem.hint).toContain(`GET /v1/calls/${problem.call}`);
    const id = await asked(one);
    expect(await json(await one.fetch(`/v1/calls/${problem.call}`))).toMatchObject({ name: "tool.call" });
    const end = one.fetch(`/v1/calls/${problem.call}`, { headers: { accept: "text/event-stream" } });
    await one.admin.approval.answer({ id, isApproved: true });
    expect(await (await end).text()).toContain('"content":"sent"');
  });

  test("says so in its stream at once", async () => {
    await using one = await openDoors({ drivers: [wire] });
    const response = await one.fetch("/v1/syscalls/tool.call", { body, headers: { accept: "text/event-stream" } });
    const id = await asked(one);
    await one.admin.approval.answer({ id, isApproved: false });
    const types = (await allOf(framesOf(response))).map(({ data }) => JSON.parse(data ?? "") as { type: string });
    expect(types).toContainEqual({ type: "syscall.asked", approval: id });
    expect(types.at(-1)).toMatchObject({ type: "syscall.failed", error: { code: "EPOLICY" } });
  });
});
