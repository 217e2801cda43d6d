import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { main, openAios, said } from "./aios.ts";
import type { Aios, Started } from "./aios.ts";

vi.setConfig({ testTimeout: 60_000 });

let aios: Aios;
beforeAll(async () => {
  aios = await openAios();
  expect((await aios.run(["up", "-d", "--port", "0", "--core", "sim"])).code).toBe(0);
  for (const [name, task] of [
    ["one", "Calculate 6 * 7"],
    ["two", "Calculate 6 * 7"],
    ["three", "Calculate 6 * 8"],
  ] as const)
    expect((await aios.run(["exec", task, "--name", name])).code).toBe(0);
}, 60_000);
afterAll(() => aios[Symbol.asyncDispose]());

test("two processes that asked the same and were told the same compare as equal; others part where they do", async () => {
  const same = await aios.run(["trace", "--diff", "one", "two"]);
  expect(same.code).toBe(0);
  expect(
    same.out
      .split("\n")
      .filter(Boolean)
      .every((line) => line.startsWith("=")),
  ).toBe(true);
  const other = await aios.run(["trace", "--diff", "one", "three", "--json"]);
  expect(other.code).toBe(1);
  const { data } = JSON.parse(other.out) as { data: { isSame: boolean; parted: unknown; counts: object } };
  expect(data).toMatchObject({
    isSame: false,
    parted: { left: 2, right: null },
    counts: { "=": 1, "~": 0, "-": 3, "+": 3 },
  });
  for (const wrong of [
    ["trace", "one", "two"],
    ["trace", "--diff", "one"],
    ["trace", "--diff", "-f", "one", "two"],
  ])
    expect((await aios.run(wrong)).code).toBe(2);
});

test("a trace shows what is asked for by name, state, duration and time", async () => {
  const lines = async (...filter: string[]) =>
    (await aios.run(["trace", "one", ...filter])).out.split("\n").filter(Boolean);
  expect(await lines("--name", "tool.call")).toHaveLength(1);
  expect(await lines("--name", "llm.*", "--name", "tool.list")).toHaveLength(3);
  expect(await lines("--state", "failed")).toHaveLength(0);
  expect(await lines("--min-ms", "9000000")).toHaveLength(0);
  expect(await lines("--since", "1h", "--until", "2099-01-01")).toHaveLength(4);
  expect(await lines("--until", "2001-01-01")).toHaveLength(0);
  expect((await aios.run(["trace", "one", "--since", "yesterday"])).code).toBe(2);
});

test("who follows a tree sees the calls of a child as they end, and stops when all have ended", async () => {
  const exec = [process.execPath, "--conditions=aios-source", main, "exec", "'Calculate 6 * 7'", "--name", "inner"];
  const script = `echo up; read line; ${exec.join(" ")}; echo done; read line`;
  const outer = aios.start(["run", "--name", "outer", "--", "sh", "-c", script]);
  await said(outer, /up\n/);
  const follow = aios.start(["trace", "outer", "-f", "--tree", "--name", "tool.call", "--jsonl"]);
  const call = said(follow, /"detail":"tool\.call\(calculator/);
  outer.child.stdin?.write("go\n");
  await call;
  expect(follow.child.exitCode).toBeNull();
  outer.child.stdin?.end("end\n");
  expect(await outer.ended).toBe(0);
  expect(await follow.ended).toBe(0);
});

test("the process table comes page by page, and whole as lines", async () => {
  const page = await aios.data<{ processes: { name: string }[]; total: number; next: string }>([
    "ps",
    "-a",
    "--limit",
    "2",
    "--name",
    "*o*",
  ]);
  const rest = await aios.data<typeof page>(["ps", "-a", "--limit", "9", "--name", "*o*", "--after", page.next]);
  const lines = (await aios.run(["ps", "-a", "--jsonl", "--name", "*o*"])).out.trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual(
    [...page.processes, ...rest.processes].map(({ name }) => name),
  );
  expect(page.total).toBe(lines.length);
  expect((await aios.run(["ps", "--state", "gone"])).code).toBe(2);
});

test("who attaches sees the last lines and what follows, is told of a stop, and exits as the process does", async () => {
  const script = "echo first; read line; echo second; exit 7";
  const talk = aios.start(["run", "--name", "talk", "--", "sh", "-c", script]);
  await said(talk, /first\n/);
  const attached = aios.start(["attach", "talk"]);
  const told = heard(attached);
  await said(attached, /first\n/);
  await aios.run(["suspend", "talk"]);
  await aios.run(["resume", "talk"]);
  const left = aios.start(["attach", "talk"]);
  await said(left, /first\n/);
  left.child.kill("SIGINT");
  expect(await left.ended).toBe(0);
  expect(attached.child.exitCode).toBeNull();
  talk.child.stdin?.end("go\n");
  expect(await talk.ended).toBe(7);
  expect(await attached.ended).toBe(7);
  expect(told.out()).toBe("first\nsecond\n");
  expect(told.err()).toMatch(/is suspended: by a signal\n.*goes on: by a signal\n.*talk ended: exit 7/s);
  expect((await aios.run(["attach", "talk"])).code).toBe(7);
});

test("what if another policy: recorded calls are simulated under it, and it says that it is a simulation", async () => {
  const { out, err, code } = await aios.run(["replay", "--policy", "fifo"]);
  expect(code).toBe(0);
  expect(err).toMatch(/^simulating \d+ recorded model calls of \d+ processes under plas-vtc and under fifo\n$/);
  expect(out).toMatch(/^A simulation: \d+ recorded model calls/);
  expect(await aios.data(["replay", "--policy", "priority"])).toMatchObject({
    isSimulation: true,
    present: "plas-vtc",
    after: { failed: 0 },
  });
  for (const wrong of [["replay"], ["replay", "--policy", "best"]]) expect((await aios.run(wrong)).code).toBe(2);
});

test("a profile splits the whole life of a process, and says what its calls cost by model, tool and place", async () => {
  const { wallMs, shares, groups, sites } = await aios.data<{
    wallMs: number;
    shares: Record<string, number>;
    groups: { name: string; calls: number }[];
    sites: { name: string }[];
  }>(["profile", "one"]);
  expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(wallMs);
  expect(shares["decode"]).toBeGreaterThan(0);
  expect(groups.map(({ name }) => name).toSorted()).toEqual(["calculator", "sim/sim", "tool.list"]);
  expect(sites).toMatchObject([{ name: "agent:exec", calls: 2 }]);
});

function heard({ child }: Started): { out: () => string; err: () => string } {
  const texts = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (piece: string) => (texts.out += piece));
  child.stderr?.setEncoding("utf8").on("data", (piece: string) => (texts.err += piece));
  return { out: () => texts.out, err: () => texts.err };
}
