// A request in its upstream's own dialect: whatever JSON it is, the upstream gets its bytes, but for the members that the kernel
// decides. And what no JSON writer could work with is refused before anybody is asked.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findMembers } from "../../src/drivers/llm/http/splice.ts";
import { createOpenAiCore } from "../../src/drivers/llm/openai/core.ts";
import { quirksOf } from "../../src/drivers/llm/openai/quirks.ts";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { json, lanesIdle, openDoors, type Doors } from "../e2e/open-doors.ts";
import { openUpstream, type Upstream } from "../upstream.ts";
import { responding } from "./responding.ts";

let doors: Doors;
let upstream: Upstream;
beforeAll(async () => {
  upstream = await openUpstream(responding);
  const common = { endpoint: 0, baseUrl: upstream.baseUrl, models: [{ id: "m" }] };
  const core = createOpenAiCore({ ...common, name: "responses", kind: "openai", quirks: quirksOf("openai") });
  doors = await openDoors({ speaksAnthropic: true, script: responding, cores: [core] });
});
afterAll(async () => {
  await doors[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

interface Own {
  readonly path: string;
  readonly core: string;
  /** A request's members as text, the model apart. */
  members(words: Words): readonly [string, string][];
  /** Members that may come as something else. */
  readonly decided: readonly string[];
}

/** Random JSON text, full of what a careless reader trips over. */
interface Words {
  readonly text: () => string;
  readonly value: (depth?: number) => string;
  readonly gap: () => string;
}

function wordsOf(seed: number): Words & { readonly below: (limit: number) => number } {
  const random = createSeededRandom(seed);
  const below = (limit: number): number => Math.floor(random.next() * limit);
  const one = (texts: readonly string[]): string => texts[below(texts.length)] as string;
  const gap = (): string => one(["", "", " ", "\n\t", "\r\n "]);
  const pieces = ["a", "ü", "操作", "🌍", "{", "]", ":", ",", " ", "/", "\u2028", "\u007f"];
  const escapes = ['\\"', "\\\\", "\\/", "\\n", "\\u0022", "\\u00e9", "\\ud83c\\udf0d", "\\ud800", "\\u0000"];
  const text = (): string =>
    `"${Array.from({ length: below(8) }, () => one(below(3) === 0 ? escapes : pieces)).join("")}"`;
  let names = 0;
  const numbers = ["0", "-0", "1.0", "-1.5e-7", "1E400", "12345678901234567890", "0.1000000000000000055"];
  const list = (open: string, close: string, item: () => string): string =>
    `${open}${gap()}${Array.from({ length: below(4) }, item).join(`${gap()},${gap()}`)}${gap()}${close}`;
  const value = (depth = 0): string => {
    const kind = below(depth > 5 ? 2 : 5);
    if (kind === 0) return one([...numbers, "true", "false", "null"]);
    if (kind === 1) return text();
    if (kind === 2) return list("[", "]", () => value(depth + 1));
    // One name stands twice now and then.
    return list(
      "{",
      "}",
      () => `${below(3) === 0 ? '"same"' : `"${names++}${text().slice(1)}`}${gap()}:${gap()}${value(depth + 1)}`,
    );
  };
  return { text, value, gap, below };
}

const owns: readonly Own[] = [
  {
    path: "/v1/chat/completions",
    core: "up",
    decided: ["model"],
    members: ({ text, value, gap }) => [
      ["messages", `[${gap()}{"content"${gap()}:${text()},${gap()}"role":"user"${gap()}}]`],
      ["max_tokens", "9"],
      ["tools", `[{"type":"function","function":{"name":"f","parameters":{"x":${value(3)}}}}]`],
    ],
  },
  {
    path: "/v1/responses",
    core: "responses",
    decided: ["model"],
    members: ({ text, gap }) => [
      ["input", `[${gap()}{"content"${gap()}:${text()},${gap()}"role":"user"${gap()}}]`],
      ["store", "false"],
    ],
  },
  {
    path: "/v1/messages",
    core: "claude",
    decided: ["model"],
    members: ({ text, value, gap }) => [
      ["messages", `[${gap()}{"content"${gap()}:${text()},${gap()}"role":"user"${gap()}}]`],
      ["max_tokens", "9"],
      ["tools", `[{"name":"f","input_schema":{"x":${value(3)}}}]`],
    ],
  },
];

describe.each(owns)("$path", (own) => {
  const sentTo = (): Upstream => (own.core === "responses" ? upstream : doors.upstream);

  test("to an upstream of its own dialect each member goes as the bytes that the client wrote", async () => {
    let compared = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const words = wordsOf(seed);
      const { value, gap, below } = words;
      const extra = Array.from({ length: below(5) }, (_, index): [string, string] => [`x_${index}`, value()]);
      const members: [string, string][] = [
        ...own.members(words),
        ["model", `"${own.core}/m"`],
        ...extra.filter(([, text]) => text !== "null"),
      ];
      // In any order.
      members.sort(() => below(3) - 1);
      const text = `${gap()}{${members.map(([name, said]) => `${gap()}"${name}"${gap()}:${gap()}${said}${gap()}`).join(",")}}${gap()}`;
      const response = await doors.fetch(own.path, { body: text });
      expect([seed, response.status, response.status === 200 || (await response.text())]).toEqual([seed, 200, true]);
      await response.arrayBuffer();
      const sent = sentTo().requests.at(-1)?.text ?? "";
      const body = Buffer.from(sent);
      const said = new Map(members);
      for (const { name, value: span } of findMembers(body)) {
        if (own.decided.includes(name)) continue;
        // An object that says a name twice may be written anew: its readers would understand it differently.
        if (/"same"[^]*"same"/.test(said.get(name) ?? "")) continue;
        expect([seed, name, body.toString("utf8", span.start, span.end)]).toEqual([seed, name, said.get(name)]);
        said.delete(name);
        compared++;
      }
      for (const [name, left] of said)
        if (!own.decided.includes(name))
          expect([seed, name, left]).toEqual([seed, name, expect.stringMatching(/"same"/)]);
    }
    expect(compared).toBeGreaterThan(400);
  }, 30_000);

  test.each([
    ["lists", "[".repeat(50_000) + "]".repeat(50_000)],
    ["objects", `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`],
  ])("%s nested without end are refused before anybody is asked", async (_what, value) => {
    const before = sentTo().requests.length;
    const members = own.members(wordsOf(1)).map(([name, said]) => `"${name}":${said}`);
    const response = await doors.fetch(own.path, {
      body: `{"model":"${own.core}/m",${members.join(",")},"metadata":{"a":${value}}}`,
    });
    expect([response.status, JSON.stringify(await json(response))]).toEqual([
      400,
      expect.stringContaining("nested deeper than 256 levels"),
    ]);
    expect(sentTo().requests.length).toBe(before);
    await lanesIdle(doors);
  });

  test("__proto__ is refused by name wherever it stands, and changes no object", async () => {
    for (const member of ['"__proto__":{"polluted":1}', '"metadata":{"a":[{"\\u005f_proto__":{"polluted":1}}]}']) {
      const members = own.members(wordsOf(1)).map(([name, said]) => `"${name}":${said}`);
      const response = await doors.fetch(own.path, {
        body: `{"model":"${own.core}/m",${members.join(",")},${member}}`,
      });
      expect([response.status, JSON.stringify(await json(response))]).toEqual([
        400,
        expect.stringContaining("__proto__"),
      ]);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

test("arguments that are nested without end are the request's fault, not the core's", async () => {
  const response = await doors.fetch("/v1/chat/completions", {
    body: {
      model: "claude/m",
      messages: [
        { role: "user", content: "hi" },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            {
              id: "c",
              type: "function",
              function: { name: "f", arguments: `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}` },
            },
          ],
        },
        { role: "tool", tool_call_id: "c", content: "x" },
      ],
    },
  });
  expect([response.status, await json(response)]).toMatchObject([
    400,
    { error: { message: expect.stringContaining("nested too deep") } },
  ]);
});
