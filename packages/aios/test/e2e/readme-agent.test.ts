// The agent of the README, word for word, against a kernel over HTTP.
import { defineAgent, defineTool } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { z } from "zod";
import { realClock } from "../../src/drivers/clock/real.ts";
import { createBuiltinToolbox } from "../../src/drivers/tool/builtin/toolbox.ts";
import type { Reply } from "../upstream.ts";
import { openDoors } from "./open-doors.ts";

const forecast = (city: string) => Promise.resolve({ city, high: 4, rain: true });

// README: begin
const weather = defineTool({
  name: "weather",
  description: "Tomorrow's weather in a city",
  parameters: z.object({ city: z.string() }),
  run: ({ city }) => forecast(city),
});

const packer = defineAgent({
  name: "packer",
  instructions: "Say what to pack. Look the weather up, do not guess it.",
  tools: [weather, "date"],
  output: z.object({ items: z.array(z.string()), because: z.string() }),
});

const trip = async () => {
  const { output, usage } = await packer.run("Two days in Oslo, from tomorrow on");
  return `${output.items.join(", ")} (${usage.outputTokens} tokens)`;
};
// README: end

test("the agent of the README calls its own tool and the kernel's, and answers in its type", async () => {
  const calls = [
    { id: "a", name: "weather", arguments: '{"city":"Oslo"}' },
    { id: "b", name: "date", arguments: '{"operation":"now"}' },
  ];
  const script = (_request: unknown, turn: number): Reply =>
    turn === 1
      ? { is: "answer", toolCalls: calls }
      : { is: "answer", pieces: ['{"items":["coat",', '"umbrella"],', '"because":"4 degrees and rain"}'] };
  await using toolbox = createBuiltinToolbox({ clock: realClock });
  await using doors = await openDoors({ script, drivers: [toolbox] });
  const before = { ...process.env };
  Object.assign(process.env, { AIOS_URL: doors.url, AIOS_KEY: doors.key });
  try {
    expect(await trip()).toMatch(/^coat, umbrella \([1-9]\d* tokens\)$/);
  } finally {
    process.env = before;
  }
  const told = doors.upstream.requests[1]?.body.messages?.filter(({ role }) => role === "tool");
  expect(told?.map(({ content }) => content)).toEqual([
    '{"city":"Oslo","high":4,"rain":true}',
    expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  ]);
});

test("without a kernel in the environment an agent says how to get one", async () => {
  const before = { ...process.env };
  delete process.env["AIOS_URL"];
  try {
    await expect(trip()).rejects.toMatchObject({
      code: "ENODEV",
      hint: expect.stringContaining("aios run --") as string,
    });
  } finally {
    process.env = before;
  }
});
