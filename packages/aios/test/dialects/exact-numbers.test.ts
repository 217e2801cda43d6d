// Ids of 19 digits in the arguments of tools, from each dialect to each other.
import { expect, test } from "vitest";
import { openDoors } from "../e2e/open-doors.ts";

const input = '{"id":1234567890123456789,"huge":1e400,"small":[-9007199254740993,7,0.1]}';
const call = { id: "c1", name: "look", arguments: input };
const chatTurns = [
  { role: "user", content: "hi" },
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "c1", type: "function", function: { name: "look", arguments: input } }],
  },
  { role: "tool", tool_call_id: "c1", name: "look", content: "x" },
];
/** Written by hand: no JSON writer would keep the digits. */
const turnsOf = (more = ""): string =>
  `[{"role":"user","content":"hi"},{"role":"assistant","content":[${more}{"type":"tool_use","id":"c1","name":"look","input":${input}}]},` +
  `{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"x"}]}]`;
const thought = '{"type":"thinking","thinking":"Hm.","signature":"aios:another-model"},';

test("requests: what a tool was called with keeps its digits", async () => {
  await using doors = await openDoors({ speaksAnthropic: true });
  const sent = () => doors.upstream.requests.at(-1)?.text;
  const chat = await doors.fetch("/v1/chat/completions", { body: { model: "claude/m", messages: chatTurns } });
  expect([chat.status, sent()]).toEqual([200, expect.stringContaining(`"input":${input}`)]);
  // The tool's name, said a second time, is left out and told.
  expect(chat.headers.get("x-aios-left-out")).toBe("name");
  for (const model of ["up/m", "claude/m"])
    for (const more of ["", thought]) {
      const messages = turnsOf(more);
      const body = `{"model":"${model}","max_tokens":9,"messages":${messages}}`;
      expect((await doors.fetch("/v1/messages", { body })).status).toBe(200);
      expect(sent()).toContain(model === "up/m" ? JSON.stringify(input) : `"input":${input}`);
    }
});

test.each([false, true])("answers: what a model calls a tool with keeps its digits (streamed: %s)", async (stream) => {
  await using doors = await openDoors({
    speaksAnthropic: true,
    script: ({ path }) =>
      path.startsWith("/v1/messages") && !stream
        ? {
            is: "raw",
            headers: { "content-type": "application/json" },
            end: "end",
            writes: [
              `{"id":"m","content":[{"type":"tool_use","id":"c1","name":"look","input":${input}}],"stop_reason":"tool_use"}`,
            ],
          }
        : { is: "answer", toolCalls: [call] },
  });
  const asked = { messages: [{ role: "user", content: "hi" }], max_tokens: 9, stream };
  for (const model of ["up/m", "claude/m"]) {
    const chat = await doors.fetch("/v1/chat/completions", { body: { ...asked, model } });
    expect(await chat.text()).toContain("1234567890123456789");
    const messages = await doors.fetch("/v1/messages", { body: { ...asked, model } });
    const text = await messages.text();
    expect(text).toContain("1234567890123456789");
    // In a stream, in pieces.
    if (!stream) expect(text).toContain("1e400");
    const response = await doors.fetch("/v1/responses", { body: { model, input: "hi", stream } });
    expect(await response.text()).toContain("-9007199254740993");
  }
});
