// Requests of agent CLIs as they came, shortened: the last of a turn with two tool calls. Recorded in front of a kernel whose
// model called the CLI's own tools; docs/how-to/agent-clis.md says how each was run.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { realClock } from "../../../src/drivers/clock/real.ts";
import { createSimCore } from "../../../src/drivers/llm/sim/core.ts";
import { openDoors, type Doors } from "../open-doors.ts";
import { cores, type CoreName } from "./list.ts";
import { resultsIn } from "./scenario.ts";

const recorded = z
  .array(
    z.strictObject({
      cli: z.string(),
      version: z.string(),
      path: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.record(z.string(), z.unknown()),
      /** What each core is not told, as `x-aios-left-out` says it. */
      leftOut: z.record(z.string(), z.string()),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL("recorded-requests.json", import.meta.url), "utf8")));
const page = readFileSync(new URL("../../../../../docs/how-to/agent-clis.md", import.meta.url), "utf8");

const models: Readonly<Record<CoreName, string>> = { openai: "up/m", anthropic: "claude/m", sim: "sim/sim" };
const ends: Readonly<Record<string, string>> = {
  "/v1/chat/completions": "data: [DONE]",
  "/v1/messages": '"type":"message_stop"',
  "/v1/responses": '"type":"response.completed"',
};

describe.each(recorded)("a request of $cli $version to $path", ({ cli, version, path, headers, body, leftOut }) => {
  let doors: Doors;
  beforeAll(async () => {
    const sim = createSimCore({ clock: realClock, name: "sim", ttftMs: 0, iterationMs: 1, outputTokens: 20 });
    doors = await openDoors({ speaksAnthropic: true, cores: [sim] });
  });
  afterAll(() => doors[Symbol.asyncDispose]());

  test.each(Object.keys(cores) as CoreName[])("is streamed an answer in front of %s", async (core) => {
    const answer = await doors.fetch(path, { headers, body: { ...body, model: models[core] } });
    const text = await answer.text();
    expect([answer.status, answer.status === 200 ? "" : text]).toEqual([200, ""]);
    expect(text).toContain(ends[path.split("?", 1)[0] ?? ""]);
    expect(answer.headers.get("x-aios-left-out") ?? "").toBe(leftOut[core]);
    if (core === "sim") return;
    expect(text).toContain("world");
    const asked = doors.upstream.requests.at(-1);
    expect(asked?.path.split("?", 1)[0]).toBe(core === "anthropic" ? "/v1/messages" : "/v1/chat/completions");
    expect(asked && resultsIn(asked.body).length).toBe(2);
  });

  test("the page on agent CLIs names this version", () => {
    expect(page).toContain(`${cli} ${version}`);
  });
});
