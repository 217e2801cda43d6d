import { expect, test } from "vitest";
import { findModel, listModels } from "./models.ts";

const model = (core: string, id: string) => ({
  core,
  id,
  kind: "openai",
  isSimulated: false,
  serves: ["llm.chat" as const],
});

const view = {
  models: [model("up", "m"), model("up", "same"), model("local", "same"), model("local", "org/qwen2.5:7b")],
  aliases: { fast: "up/m", "claude-*": "up/m", "*": "auto" },
};

test("what is listed can be said: a name that two cores have goes with its core, patterns are no names", () => {
  expect(listModels(view)).toEqual([
    { id: "m", owner: "up" },
    { id: "up/same", owner: "up" },
    { id: "local/same", owner: "local" },
    { id: "org/qwen2.5:7b", owner: "local" },
    { id: "fast", owner: "aios" },
    { id: "auto", owner: "aios" },
  ]);
});

test("a model is found as it is listed, and with its core; a name that two cores have is not one model", () => {
  expect(findModel(view, "m")).toEqual({ id: "m", owner: "up" });
  expect(findModel(view, "up/m")).toEqual({ id: "up/m", owner: "up" });
  expect(findModel(view, "local/org/qwen2.5:7b")).toEqual({ id: "local/org/qwen2.5:7b", owner: "local" });
  expect(findModel(view, "auto")).toEqual({ id: "auto", owner: "aios" });
  expect(findModel(view, "same")).toBeUndefined();
  expect(findModel(view, "claude-x")).toBeUndefined();
});
