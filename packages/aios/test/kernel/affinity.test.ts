import { expect, test } from "vitest";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import type { KernelSettings } from "../../src/kernel/ports.ts";
import { openRig } from "../rig.ts";

/** Three endpoints of one machine each, which remember what they have read. */
function open(strategy: KernelSettings["router"]["strategy"] = "sequential", slots = 2) {
  return openRig({
    settings: { router: { strategy, weights: {}, alpha: 0.7, fallbacks: {}, rules: [] } },
    cores: (clock) =>
      [0, 1, 2].map((endpoint) =>
        createSimCore({ clock, endpoint, slots, prefixCacheTokens: 65_536, ttftMs: 0, outputSigma: 0 }),
      ),
  });
}

const prefixOf = (name: string, blocks: number) => `${name} `.repeat(Math.ceil((blocks * 1_024) / (name.length + 1)));

/** Calls one after the other, each with all that was said before: where they went, and how much of each was cached. */
async function converse(
  { client, clock, admin }: Awaited<ReturnType<typeof open>>,
  names: readonly string[],
  rounds = 6,
) {
  const said = new Map(names.map((name) => [name, prefixOf(name, 4)]));
  let [cached, read] = [0, 0];
  for (let round = 0; round < rounds; round++)
    await clock.run(
      Promise.all(
        names.map(async (name) => {
          const content = `${said.get(name)} ${prefixOf(`${name}${round}`, 1)}`;
          said.set(name, content);
          const messages = [{ role: "user" as const, content }];
          const { usage } = await client(name).client.llm.chat({ messages }).outcome();
          cached += usage.cachedInputTokens;
          read += usage.inputTokens;
        }),
      ),
    );
  const { result } = await clock.run(admin.llm.lanes().outcome());
  return { cachedPart: cached / read, done: result.lanes.map((lane) => lane.done) };
}

test("a process's calls go where its prompt was read, and other processes elsewhere", async () => {
  const { cachedPart, done } = await converse(await open(), ["anna", "bert", "carl", "dora"]);
  // In turns each call would go to another endpoint: less than a third of it would be there.
  expect(cachedPart).toBeGreaterThan(0.6);
  // Two live on one endpoint, the others have one each.
  expect(done.toSorted((left, right) => left - right)).toEqual([6, 6, 12]);
});

test("no longer than reading it anew takes: a crowd with one prompt spreads over all", async () => {
  const rig = await open("least-busy", 1);
  await converse(rig, ["warm"], 1);
  const names = Array.from({ length: 12 }, (_, index) => `p${index}`);
  const messages = [{ role: "user" as const, content: prefixOf("warm", 4) }];
  await rig.clock.run(Promise.all(names.map((name) => rig.client(name).client.llm.chat({ messages }).outcome())));
  const { result } = await rig.clock.run(rig.admin.llm.lanes().outcome());
  expect(Math.min(...result.lanes.map(({ done }) => done))).toBeGreaterThanOrEqual(3);
});

test("another tenant's prompt draws nobody", async () => {
  const rig = await open();
  const messages = [{ role: "user" as const, content: prefixOf("same", 8) }];
  for (const tenant of ["local", "other", "third"])
    await rig.clock.run(rig.client(tenant, tenant).client.llm.chat({ messages }).outcome());
  const { result } = await rig.clock.run(rig.admin.llm.lanes().outcome());
  expect(result.lanes.map(({ done }) => done)).toEqual([1, 1, 1]);
});

test("an endpoint that broke is not clung to", async () => {
  let broken = false;
  const rig = await openRig({
    cores: (clock) =>
      [0, 1].map((endpoint) => {
        const core = createSimCore({ clock, endpoint, ttftMs: 0 });
        return {
          ...core,
          async *execute(name, args, context) {
            if (broken && endpoint === 0) throw Object.assign(new Error("gone"), {});
            yield* core.execute(name, args, context);
          },
        };
      }),
    settings: { router: { strategy: "sequential", weights: {}, alpha: 0.7, fallbacks: {}, rules: [] } },
  });
  const messages = [{ role: "user" as const, content: prefixOf("text", 4) }];
  const chat = () => rig.clock.run(rig.client("one").client.llm.chat({ messages }).outcome());
  await chat();
  broken = true;
  await expect(chat()).resolves.toMatchObject({ result: { finishReason: "stop" } });
});
