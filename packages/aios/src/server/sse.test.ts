import { expect, test } from "vitest";
import { chatBody, openDoors } from "../../test/e2e/open-doors.ts";
import { Crowd } from "./sse.ts";

test("streams write at once until there are many, then they pause together", async () => {
  const crowd = new Crowd();
  crowd.size = 500;
  expect(crowd.pause()).toBeUndefined();
  crowd.size = 501;
  const pause = crowd.pause();
  expect(crowd.pause()).toBe(pause);
  await pause;
  expect(crowd.pause()).not.toBe(pause);
});

test("a crowd of streams is told every word, in order, and leaves nothing open", async () => {
  await using doors = await openDoors({ limits: { concurrency: 600 } });
  const read = async (): Promise<string> => {
    const response = await doors.fetch("/v1/chat/completions", { body: chatBody({ stream: true }) });
    const text = await response.text();
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    return [...text.matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content).join("");
  };
  const texts = await Promise.all(Array.from({ length: 600 }, read));
  expect(new Set(texts)).toEqual(new Set(["Hello, world."]));
  const figures = await (await doors.fetch("/metrics")).text();
  expect(figures).toMatch(/^aios_open_streams 0$/m);
}, 20_000);
