import { expect, test } from "vitest";
import { nameOfCommand, spawnOptions } from "./spawn-options.ts";

const none = { name: undefined, nice: undefined, class: undefined, limit: [], usd: undefined };

test("what is not said is not sent, so that the parent's values hold", () => {
  expect(spawnOptions(none)).toEqual({});
});

test("what happens when a limit is reached goes along", () => {
  expect(spawnOptions({ ...none, onExhausted: "hold" })).toEqual({ onExhausted: "hold" });
});

test("--usd is a limit of the run beside the others", () => {
  expect(
    spawnOptions({ ...none, name: "n", nice: -5, class: "interactive", limit: ["tokens=1k/day"], usd: 0.5 }),
  ).toEqual({
    name: "n",
    nice: -5,
    class: "interactive",
    limits: [
      { resource: "tokens", window: "day", limit: 1_000 },
      { resource: "costUsd", window: "run", limit: 0.5 },
    ],
  });
});

test("a project's limits narrow what was asked for and never widen it", () => {
  const day = (limit: number) => ({ resource: "tokens", window: "day", limit }) as const;
  expect(spawnOptions({ ...none, limit: ["tokens=1k/day"] }, [day(5_000)]).limits).toEqual([day(1_000)]);
  expect(spawnOptions({ ...none, limit: ["tokens=1k/day"] }, [day(500)]).limits).toEqual([day(500)]);
  expect(spawnOptions(none, [day(500)]).limits).toEqual([day(500)]);
});

test("a command is called by its script where an interpreter runs one", () => {
  expect(nameOfCommand(["python3.12", "agents/my_agent.py", "--fast"])).toBe("my_agent");
  expect(nameOfCommand(["/usr/bin/node", "--no-warnings", "crawl.mjs"])).toBe("crawl");
  expect(nameOfCommand(["python", "-m", "metagpt", "x"])).toBe("metagpt");
  expect(nameOfCommand(["uv", "run", "bot.py"])).toBe("bot");
  expect(nameOfCommand(["bash", "-c", "sleep 1; echo done"])).toBe("bash");
  expect(nameOfCommand(["node", "-e", "1"])).toBe("node");
  expect(nameOfCommand(["./bin/codex", "exec"])).toBe("codex");
});
