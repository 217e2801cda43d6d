import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ResultOf } from "@aiosjs/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { boot } from "../../src/boot.ts";
import type { System } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

/** Generous: each test starts several Node processes, and the machine may be busy. */
const timeoutMs = 120_000;
/** There is no post here: it ends soon. */
const file = fileURLToPath(new URL("../programs/modules/letters.ts", import.meta.url));

let aios: Aios;
let system: System;
const start = (): Promise<System> =>
  boot({ home: aios.home, config: configSchema.parse({ server: { port: 0 }, scheduler: { graceMs: 100 } }) });
beforeAll(async () => {
  aios = await openAios();
  system = await start();
}, timeoutMs);
afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await aios[Symbol.asyncDispose]();
}, timeoutMs);

type Timer = ResultOf<"cron.list">["timers"][number];
const timerOf = async (name: string): Promise<Timer | undefined> =>
  (await system.client.cron.list()).timers.find((timer) => timer.name === name);

test(
  "timers are added, listed, run and removed, and come again under the next kernel",
  { timeout: timeoutMs },
  async () => {
    const add = (...args: string[]) => aios.run(["cron", "add", ...args]);
    expect(await add("30 7 * * *", file, "x", "--name", "early", "--time-zone", "Asia/Tokyo")).toMatchObject({
      code: 0,
      err: expect.stringMatching(/early comes at .* 07:30 Asia\/Tokyo/),
    });
    expect(await add("@every 5s", file, "x", "--name", "often", "--overlap", "queue")).toMatchObject({ code: 0 });
    expect(await add("0 0 30 2 *", file)).toMatchObject({ code: 2 });
    expect((await aios.run(["cron"])).out).toMatch(/often +@every 5s[^]*early +30 7 /);
    expect(await aios.run(["cron", "run", "nobody"])).toMatchObject({ code: 3 });
    const { out } = await aios.run(["cron", "run", "early"]);
    expect((await timerOf("early"))?.lastPid).toBe(out.trim());

    await system[Symbol.asyncDispose]();
    system = await start();
    const before = await timerOf("often");
    while ((await timerOf("often"))?.lastPid === before?.lastPid) await sleep(50);
    expect(await aios.run(["cron", "rm", "often", "early"])).toMatchObject({ code: 0 });
    expect((await system.client.cron.list()).timers).toEqual([]);
  },
);
