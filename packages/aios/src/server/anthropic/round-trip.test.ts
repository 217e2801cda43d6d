import { chatArgsSchema } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { toRequest } from "../../drivers/llm/anthropic/request.ts";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { toMessagesRequest } from "./request.ts";

type Json = Record<string, unknown>;

const requestOf = (body: Json) =>
  toMessagesRequest(Buffer.from(JSON.stringify(body)), { headers: {}, needsMaxTokens: true });
const hi = { role: "user", content: "hi" };

/** What an upstream of the dialect gets of it when the core has nothing but the form. */
const through = (body: Json): Json =>
  toRequest(chatArgsSchema.parse(requestOf(body).args), { core: "up", model: "m", maxOutputTokens: undefined }).body;

/** What Anthropic says is the same: a string and one block of text, turns of one role in a row and one; and saying nothing. */
function meaning(body: Json): Json {
  const turns: { role: unknown; content: Json[] }[] = [];
  for (const { role, content } of body["messages"] as Json[]) {
    const blocks = typeof content === "string" ? [{ type: "text", text: content }] : (content as Json[]);
    const said = blocks
      .filter(({ type, text }) => role === "user" || type !== "text" || text !== "")
      .map(({ content: inner, ...block }) =>
        inner === undefined || (Array.isArray(inner) && inner.length === 0) ? block : { ...block, content: inner },
      );
    const last = turns.at(-1);
    if (last?.role === role) last?.content.push(...said);
    else turns.push({ role, content: said });
  }
  const { stop_sequences: stop, ...rest } = body;
  return { ...rest, messages: turns, ...(Array.isArray(stop) && stop.length > 0 ? { stop_sequences: stop } : {}) };
}

// ── what clients send, by chance ──

function createClient(seed: number) {
  const random = createSeededRandom(seed);
  const isTrue = (chance = 0.5): boolean => random.next() < chance;
  const one = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)] as T;
  const some = <T>(make: () => T, most = 3): T[] =>
    Array.from({ length: Math.floor(random.next() * (most + 1)) }, make);
  const cached = (): Json => (isTrue(0.2) ? { cache_control: { type: "ephemeral", ttl: one(["5m", "1h"]) } } : {});
  const word = (): string => one(["", "hi", "Größe 😀", 'a "b" \\', "\n", "x".repeat(40)]);
  const text = (): Json => ({ type: "text", text: word(), ...cached() });
  const base64 = (mediaType: string): Json => ({ type: "base64", media_type: mediaType, data: one(["AA==", "aGk="]) });
  const url = { type: "url", url: "https://example.com/a" };
  const image = (): Json => ({ type: "image", source: one([base64("image/png"), url]), ...cached() });
  const document = (): Json => ({
    type: "document",
    source: one([
      base64("application/pdf"),
      url,
      { type: "text", media_type: "text/plain", data: "hi" },
      { type: "content", content: [{ type: "text", text: "hi" }] },
      { type: "file", file_id: "f1" },
    ]),
    ...(isTrue() ? { title: word() } : {}),
    ...(isTrue(0.2) ? { citations: { enabled: isTrue() } } : {}),
    ...(isTrue(0.2) ? { context: word() } : {}),
    ...cached(),
  });
  const search = (): Json => ({
    type: "search_result",
    source: "s",
    title: "t",
    content: [{ type: "text", text: "x" }],
  });
  const prose = (): Json => one([text, text, image, document, search])();
  const value = (depth: number): unknown =>
    depth > 2
      ? one([1, -0.5, 1e300, true, null, word()])
      : one([() => some(() => value(depth + 1)), () => ({ [word()]: value(depth + 1) }), () => value(9)])();
  let calls = 0;
  const turns = (): Json[] => {
    const assistant: Json[] = [
      ...some(
        () =>
          one([
            { type: "thinking", thinking: word(), signature: `s${random.next()}` },
            { type: "redacted_thinking", data: "xx" },
          ]),
        2,
      ),
      ...some(text, 2),
    ];
    const uses = some((): Json => ({
      type: "tool_use",
      id: `toolu_${calls++}`,
      name: one(["look", "smell"]),
      input: { at: value(0) },
      ...(isTrue(0.3) ? { caller: { type: "direct" } } : {}),
      ...cached(),
    }));
    const results = uses.map(({ id }): Json => ({
      type: "tool_result",
      tool_use_id: id,
      ...(isTrue(0.8) ? { content: one([() => "done", () => [prose(), prose()]])() } : {}),
      ...(isTrue() ? { is_error: isTrue() } : {}),
      ...cached(),
    }));
    const blocks = [...assistant, ...uses];
    if (isTrue(0.2)) blocks.push({ type: "server_tool_use", id: "srv", name: "web_search", input: {} }, text());
    if (isTrue(0.2)) blocks.reverse();
    const answer = blocks.length === 0 || isTrue(0.2) ? word() : blocks;
    return [
      { role: "user", content: isTrue(0.3) ? word() : [prose(), ...some(prose)] },
      { role: "assistant", content: answer },
      ...(results.length === 0 || answer !== blocks
        ? []
        : [
            { role: "user", content: [...results, ...some(prose)] },
            { role: "assistant", content: "ok" },
          ]),
      ...(isTrue(0.1) ? [hi, { role: "system", content: one([word(), [text()]]) }] : []),
    ];
  };
  const webSearch = { type: "web_search_20250305", name: "web_search" };
  const tool = (): Json => ({
    name: one(["look", "smell"]),
    ...(isTrue() ? { description: word() } : {}),
    input_schema: { type: "object", properties: { at: { type: "string", default: value(2) } } },
    ...(isTrue(0.3) ? { strict: isTrue() } : {}),
    ...(isTrue(0.2) ? { eager_input_streaming: true } : {}),
    ...cached(),
  });
  const optional: Readonly<Record<string, () => unknown>> = {
    system: () => one([() => word(), () => [text(), text()]])(),
    tools: () => [tool(), ...some(tool), ...(isTrue(0.2) ? [webSearch] : [])].slice(isTrue(0.1) ? -1 : 0),
    tool_choice: () => ({
      ...one([{ type: "auto" }, { type: "any" }, { type: "tool", name: "look" }]),
      ...(isTrue() ? { disable_parallel_tool_use: isTrue() } : {}),
    }),
    stop_sequences: () => some(word),
    temperature: () => one([0, 0.7, 1]),
    top_p: () => 0.9,
    top_k: () => 5,
    stream: () => true,
    thinking: () => one([{ type: "enabled", budget_tokens: 2_048 }, { type: "adaptive" }, { type: "disabled" }]),
    output_config: () =>
      one([
        { effort: "low" },
        { format: { type: "json_schema", schema: { type: "object", properties: {} } } },
        { effort: "max", task_budget: { type: "tokens", total: 5 } },
      ]),
    metadata: () => ({ user_id: "u1" }),
    service_tier: () => "auto",
    context_management: () => ({ edits: [{ type: "clear_tool_uses_20250919" }] }),
    container: () => "c1",
    mcp_servers: () => [{ type: "url", url: "https://x", name: "x" }],
  };
  return (): Json => {
    const body: Json = {
      model: "m",
      max_tokens: 1 + Math.floor(random.next() * 9_999),
      messages: [...turns(), ...turns(), hi],
    };
    for (const [name, make] of Object.entries(optional)) if (isTrue(0.3)) body[name] = make();
    // A choice without tools is refused.
    if (body["tools"] === undefined) delete body["tool_choice"];
    return body;
  };
}

test("whatever a client says, a core of the dialect can say again, value by value", () => {
  const next = createClient(7);
  let withForeignTurns = 0;
  for (let n = 0; n < 1_000; n++) {
    const body = next();
    const { args } = requestOf(body);
    expect(meaning(through(body))).toEqual(meaning(body));
    if (args.messages.some((message) => message.role === "assistant" && message.foreign)) withForeignTurns++;
  }
  expect(withForeignTurns).toBeGreaterThan(100);
});
