// Clients that leave, do not read, or ask for nonsense: nobody else is slowed, and nothing of them stays.
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { chunk } from "../upstream.ts";
import type { Script } from "../upstream.ts";
import { chatBody, errorOf, json, lanesIdle, openDoors } from "./open-doors.ts";
import type { Doors } from "./open-doors.ts";

const messages = [{ role: "user" as const, content: "hi" }];
const big = [
  ...Array.from({ length: 100 }, () => chunk({ content: "x".repeat(20_000) })),
  chunk({}, { finishReason: "stop" }),
  "data: [DONE]\n\n",
];
/** Answers at once, except who asks for more. */
const script: Script = ({ body }) => {
  const content = body.messages?.at(-1)?.content;
  if (content === "big") return { is: "raw", writes: big, end: "end" };
  if (content === "endless") return { is: "answer", isEndless: true };
  if (content === "silence") return { is: "silence" };
  return { is: "answer" };
};

const official = ({ url, key }: Doors): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });

/** Sends a chat request by hand; `sizeBytes` may promise more than comes. */
function send(doors: Doors, body: string, sizeBytes = Buffer.byteLength(body)): Socket {
  const socket = connect(Number(new URL(doors.url).port), "127.0.0.1");
  socket.on("error", () => undefined); // cut off, or cutting off
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${doors.key}\r\ncontent-length: ${sizeBytes}\r\n\r\n${body}`,
  );
  return socket;
}

test("clients that read nothing of their streams keep no slot: all end, and the others are answered meanwhile", async () => {
  await using doors = await openDoors({ script, limits: { concurrency: 2 } });
  const bodies = JSON.stringify(chatBody({ stream: true, messages: [{ role: "user", content: "big" }] }));
  const sockets = Array.from({ length: 10 }, () => send(doors, bodies));
  // 2 MB each do not fit into the sockets' buffers.
  await Promise.all(sockets.map((socket) => once(socket, "readable")));
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => official(doors).chat.completions.create({ model: "up/m", messages })),
  );
  expect(answers.map(({ choices }) => choices[0]?.message.content)).toEqual(answers.map(() => "Hello, world."));
  await lanesIdle(doors);
  await doors.upstream.idle();
  expect(doors.upstream.requests).toHaveLength(20);
  for (const socket of sockets) socket.destroy();
});

test("clients that vanish, waiting or served, streamed or not, leave neither a slot nor a place in the queue", async () => {
  await using doors = await openDoors({ script, limits: { concurrency: 2 } });
  const left = new AbortController();
  const calls = ["endless", "silence", "endless", "silence", "endless", "silence"].flatMap((content) =>
    [true, false].map((stream) =>
      official(doors)
        .chat.completions.create(
          { model: "up/m", messages: [{ role: "user", content }], stream },
          { signal: left.signal },
        )
        .then(
          async (answer) => {
            if (Symbol.asyncIterator in answer) for await (const _part of answer);
          },
          () => undefined,
        ),
    ),
  );
  await doors.upstream.received(2);
  await expect.poll(async () => (await doors.admin.llm.lanes({})).lanes[0]?.queued).toBe(10);
  left.abort();
  await Promise.all(calls);
  await lanesIdle(doors);
  await doors.upstream.idle();
  expect(doors.upstream.requests).toHaveLength(2);
  const answer = await official(doors).chat.completions.create({ model: "up/m", messages });
  expect(answer.choices[0]?.message.content).toBe("Hello, world.");
});

test("a client that leaves in the middle of its request has asked nothing", async () => {
  await using doors = await openDoors({ script });
  const socket = send(doors, '{"model":"up/m","mess', 200);
  await once(socket, "connect");
  socket.destroy();
  const answer = await official(doors).chat.completions.create({ model: "up/m", messages });
  expect(answer.choices[0]?.message.content).toBe("Hello, world.");
  expect(doors.upstream.requests).toHaveLength(1);
  await lanesIdle(doors);
});

test("an upstream that never stops talking is cut off: what is kept for a call is bounded", async () => {
  const flood = chunk({ content: "x".repeat(1_000_000) });
  await using doors = await openDoors({
    script: () => ({ is: "raw", writes: Array.from({ length: 80 }, () => flood), end: "hang" }),
  });
  const call = official(doors).chat.completions.create({ model: "up/m", messages });
  await expect(call).rejects.toMatchObject({
    status: 502,
    message: expect.stringContaining("core up sent too large an answer") as string,
  });
  await doors.upstream.idle();
  await lanesIdle(doors);
});

test("a model that nobody has is told in each dialect, with the way to see what there is", async () => {
  await using doors = await openDoors({ script, settings: { aliases: {} } });
  for (const model of ["gpt-9", "up/gpt-9", "nowhere/m"]) {
    const openai = await doors.fetch("/v1/chat/completions", { body: chatBody({ model }) });
    expect([openai.status, openai.headers.get("x-should-retry")]).toEqual([404, "false"]);
    expect(await errorOf(openai)).toMatchObject({
      code: "model_not_found",
      param: "model",
      message: expect.stringMatching(/(gpt-9|nowhere\/m)".*aios llm ls/) as string,
    });
    const native = await json(await doors.fetch("/v1/syscalls/llm.chat", { body: { model, messages } }));
    expect(native).toMatchObject({
      code: "ENOENT",
      detail: expect.stringMatching(/gpt-9|nowhere/) as string,
      hint: expect.stringContaining("aios llm ls") as string,
    });
  }
  expect(doors.upstream.requests).toHaveLength(0);
});
