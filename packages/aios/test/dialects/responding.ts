import type { Script } from "../upstream.ts";

/** An answer in the dialect that was asked: what is looked at is the request. */
export const responding: Script = ({ path, body }) => {
  if (!path.endsWith("/responses")) return { is: "answer" };
  const response = {
    id: "resp_1",
    object: "response",
    status: "completed",
    output: [{ id: "m1", type: "message", role: "assistant", content: [{ type: "output_text", text: "hello" }] }],
    usage: { input_tokens: 3, output_tokens: 2 },
  };
  if (body.stream !== true) return { is: "status", status: 200, body: response };
  const events = [
    { type: "response.output_text.delta", output_index: 0, delta: "hello" },
    { type: "response.completed", response },
  ];
  return {
    is: "raw",
    end: "end",
    writes: events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`),
  };
};
