// A letter was being posted when the kernel stopped; a person says at the command line what is to be done.
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { boot } from "../../src/boot.ts";
import type { System } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";
import { builtinTool } from "../../src/drivers/tool/builtin/builtin-tool.ts";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

/** Generous: each test starts several Node processes, and the machine may be busy. */
const timeoutMs = 120_000;
const file = fileURLToPath(new URL("../programs/modules/letters.ts", import.meta.url));
const config = configSchema.parse({ server: { port: 0 }, scheduler: { graceMs: 100 } });

let aios: Aios;
let system: System;
const posted: string[] = [];

/** The post is slow as long as it is not told otherwise. */
const start = (tookMs: number): Promise<System> =>
  boot({
    home: aios.home,
    config,
    tools: [
      builtinTool({
        name: "post",
        description: "Post a letter.",
        parameters: z.strictObject({ to: z.string() }),
        effect: "unsafe",
        async run({ to }, { signal }) {
          posted.push(to);
          await sleep(tookMs, undefined, { signal });
          return `posted to ${to}`;
        },
      }),
    ],
  });

beforeAll(async () => {
  aios = await openAios();
  system = await start(60_000);
}, timeoutMs);
afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await aios[Symbol.asyncDispose]();
}, timeoutMs);

const ids = async (): Promise<string[]> => (await system.client.approval.list()).approvals.map(({ id }) => id);

/** The process of a letter that may have been posted, and the question about it. */
async function cutOff(...names: string[]): Promise<{ pids: string[]; ids: string[] }> {
  const pids: string[] = [];
  for (const task of names)
    pids.push((await system.client.proc.spawn({ program: { kind: "module", file, task } })).pid);
  while (!names.every((name) => posted.includes(name))) await sleep(10);
  await system[Symbol.asyncDispose]();
  system = await start(0);
  while ((await ids()).length < names.length) await sleep(10);
  const { approvals } = await system.client.approval.list();
  return { pids, ids: pids.map((pid) => approvals.find((approval) => approval.pid === pid)?.id ?? "") };
}

test("questions are listed, shown and answered", { timeout: timeoutMs }, async () => {
  expect((await aios.run(["approve", "ls"])).err).toContain("no question waits");
  const { pids, ids } = await cutOff("Ada", "Bob", "Cyd");
  const [again = "", known = "", denied = ""] = ids;
  const listed = await aios.run(["approve"]);
  expect(listed.out.split("\n")).toHaveLength(5);
  expect(listed.out).toContain("tool.call");
  const shown = await aios.run(["approve", "show", again]);
  expect(shown.out).toContain('"to": "Ada"');
  expect(shown.out).toContain(`aios approve yes ${again}`);
  expect((await aios.run(["approve", "show", again, "--lang", "zh"])).out).toContain("该调用正在进行");
  expect((await aios.run(["ps"])).out).toMatch(/asks/);
  expect((await aios.run(["status"])).out).toContain("3 waiting for an answer");

  const [first = "", second = "", third = ""] = pids;
  expect(await aios.run(["wait", first, "--timeout", "0.2"])).toMatchObject({ code: 10 });
  expect(await aios.run(["approve", "yes", again], { env: { AIOS_PID: first } })).toMatchObject({ code: 5 });
  expect(await aios.run(["approve", "yes", "a0000000"])).toMatchObject({ code: 3 });
  expect(await aios.run(["approve", "yes", known, "--result", "so"])).toMatchObject({ code: 2 });
  expect(await aios.run(["approve", "yes", known, "--result", '"so"'])).toMatchObject({ code: 2 });
  expect(await aios.run(["approve", "yes", known, denied, "--result", "{}"])).toMatchObject({ code: 2 });

  expect(await aios.run(["approve", "yes", again])).toMatchObject({ code: 0 });
  expect(await aios.run(["approve", "yes", known, "--result", '{"content": "as Bob says"}'])).toMatchObject({
    code: 0,
  });
  expect(await aios.run(["approve", "no", denied])).toMatchObject({ code: 0 });
  expect(await aios.run(["wait", first])).toMatchObject({ code: 0, out: "posted to Ada\n" });
  expect(await aios.run(["wait", second])).toMatchObject({ code: 0, out: "as Bob says\n" });
  const failed = await aios.run(["wait", third]);
  expect(failed).toMatchObject({ code: 1, err: expect.stringContaining("EAMBIGUOUS") });
  expect(posted.toSorted()).toEqual(["Ada", "Ada", "Bob", "Cyd"]);
});
