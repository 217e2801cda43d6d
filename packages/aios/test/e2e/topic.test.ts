import { afterAll, beforeAll, expect, test } from "vitest";
import { openAios, said } from "./aios.ts";
import type { Aios } from "./aios.ts";

/** Generous: each test starts several Node processes, and the machine may be busy. */
const timeoutMs = 60_000;

let aios: Aios;
const up = async (): Promise<void> => {
  const { code, err } = await aios.run(["up", "-d", "--port", "0", "--core", "sim"]);
  expect(code, err).toBe(0);
};
beforeAll(async () => {
  aios = await openAios();
  await up();
}, timeoutMs);
afterAll(() => aios[Symbol.asyncDispose](), timeoutMs);

const lines = ({ out }: { out: string }): string[] => out.split("\n").filter((line) => line !== "");
const bodies = (ran: { out: string }): unknown[] =>
  lines(ran).map((line) => (JSON.parse(line) as { body: unknown }).body);

test(
  "what is published is read once by each subscription, is kept where asked, and survives a restart",
  { timeout: timeoutMs },
  async () => {
    const tail = aios.start(["topic", "tail", "orders.*", "--from", "start"]);
    expect((await aios.run(["topic", "ls"])).err).toContain("no subscriptions");
    expect((await aios.run(["topic", "publish", "orders.new", '{"id": 7}'])).out).toMatch(/^event \d+\n$/);
    await aios.run(["topic", "publish", "orders.old", "-"], { input: "plain words" });
    await aios.run(["topic", "publish", "other", "1"]);
    await said(tail, /orders\.old {2}plain words/);
    tail.child.kill("SIGINT");
    expect(await tail.ended).toBe(130);

    const read = (...args: string[]) => aios.run(["topic", "read", "billing", "--jsonl", ...args]);
    expect(bodies(await read("--pattern", "orders.*", "--keep"))).toEqual([{ id: 7 }, "plain words"]);
    expect(lines(await aios.run(["topic", "ls"]))[1]).toMatch(/^billing +orders\.\* +2 /);
    expect(bodies(await read("--limit", "1"))).toEqual([{ id: 7 }]);
    await aios.run(["down"]);
    await up();
    expect(bodies(await read())).toEqual(["plain words"]);
    const nothing = await read();
    expect(nothing).toMatchObject({ code: 0, out: "" });
    expect(nothing.err).toContain("nothing new for billing");
    expect(await aios.run(["topic", "read", "nobody"])).toMatchObject({ code: 3 });
    expect(await aios.run(["topic", "tail", "orders.*", "--from", "yesterday"])).toMatchObject({ code: 2 });
  },
);
