import { existsSync, readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { temporaryHome } from "../../test/temporary-home.ts";
import { appendSetting, setSetting, unsetSetting } from "./edit.ts";

const commented = `# mine
server:
  port: 4141 # the usual one
llms:
  cores:
    # the cheap one
    - {name: up, kind: openai, baseUrl: "http://127.0.0.1:8000/v1", apiKey: env:UP_KEY, models: [a]}
  aliases:
    "gpt-4.1": up/a
`;

test("a change keeps comments, order and style of the rest", async () => {
  using home = temporaryHome({ "config.yaml": commented });
  const change = await setSetting(home, "server.port", "4200");
  expect(change).toMatchObject({ before: 4141, after: 4200 });
  expect(readFileSync(home.file("config.yaml"), "utf8")).toBe(
    commented.replace("4141 # the usual one", "4200 # the usual one"),
  );
});

test("a core is found by its name, and an alias may hold dots", async () => {
  using home = temporaryHome({ "config.yaml": commented });
  expect((await setSetting(home, "llms.cores.up.models", "[b, c]")).key).toBe("llms.cores.0.models");
  await setSetting(home, "llms.aliases.gpt-4.1", "up/b");
  await setSetting(home, "llms.router.fallbacks.up/gpt-4.1", "[up/b]");
  const text = readFileSync(home.file("config.yaml"), "utf8");
  expect(text).toContain("models: [b, c]");
  expect(text).toContain('"gpt-4.1": up/b');
  expect(text).toMatch(/up\/gpt-4\.1:\s+- up\/b/);
});

test("what the whole file would not be right with is not written", async () => {
  using home = temporaryHome({ "config.yaml": commented });
  await expect(setSetting(home, "server.port", "many")).rejects.toMatchObject({ code: "EINVAL" });
  await expect(setSetting(home, "llms.cores.up.apiKey", "sk-secret")).rejects.toMatchObject({ code: "EINVAL" });
  await expect(setSetting(home, "server.prot", "1")).rejects.toMatchObject({
    code: "ENOENT",
    hint: "did you mean server.port?",
  });
  expect(readFileSync(home.file("config.yaml"), "utf8")).toBe(commented);
});

test("text stays text, though it looks like a number", async () => {
  using home = temporaryHome();
  expect((await setSetting(home, "system.name", "123")).after).toBe("123");
});

test("the first change makes the file, readable by its owner alone", async () => {
  using home = temporaryHome();
  await appendSetting(home, "llms.cores", { name: "sim", kind: "sim" });
  await appendSetting(home, "llms.cores", { name: "other", kind: "sim" });
  expect(readFileSync(home.file("config.yaml"), "utf8").match(/kind: sim/g)).toHaveLength(2);
  if (process.platform !== "win32") expect(statSync(home.file("config.yaml")).mode & 0o777).toBe(0o600);
});

test("taking a key out gives its default back", async () => {
  using home = temporaryHome({ "config.yaml": commented });
  expect(await unsetSetting(home, "server.port")).toMatchObject({ before: 4141, after: undefined });
  expect(readFileSync(home.file("config.yaml"), "utf8")).not.toContain("port: 4141");
  expect(existsSync(home.file("config.yaml"))).toBe(true);
});
