import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { temporaryHome } from "../../test/temporary-home.ts";
import { storeEnv } from "./env-file.ts";
import { readStoredEnv, resolveSecret, withStoredEnv } from "./secrets.ts";

test("variables are kept for the owner alone, changed one by one and forgotten", async () => {
  using home = temporaryHome();
  await storeEnv(home.dir, { A_KEY: "one=1", B_KEY: "two" });
  await storeEnv(home.dir, { B_KEY: undefined, C_KEY: "three" });
  expect(readStoredEnv(home.dir)).toEqual({ A_KEY: "one=1", C_KEY: "three" });
  if (process.platform !== "win32") expect(statSync(home.file("env")).mode & 0o777).toBe(0o600);
});

test("the shell's own variable wins over the kept one, an empty one does not", async () => {
  using home = temporaryHome();
  await storeEnv(home.dir, { A_KEY: "kept", B_KEY: "kept" });
  expect(withStoredEnv({ A_KEY: "shell", B_KEY: "" }, home.dir)).toMatchObject({ A_KEY: "shell", B_KEY: "kept" });
});

test("a name or a value that a line cannot hold is refused, and nothing is lost", async () => {
  using home = temporaryHome();
  await storeEnv(home.dir, { A_KEY: "one" });
  await expect(storeEnv(home.dir, { "A KEY": "x" })).rejects.toMatchObject({ code: "EINVAL" });
  await expect(storeEnv(home.dir, { B_KEY: "x\nA_KEY=stolen" })).rejects.toMatchObject({ code: "EINVAL" });
  expect(readFileSync(home.file("env"), "utf8")).toBe("A_KEY=one\n");
});

test("a reference that leads nowhere says what is missing, for whom, and what to do", async () => {
  await expect(resolveSecret("env:NO_SUCH_KEY", { env: {}, what: "core up" })).rejects.toMatchObject({
    message: "core up wants env:NO_SUCH_KEY, and NO_SUCH_KEY is not set",
    hint: "aios env set NO_SUCH_KEY",
  });
  await expect(resolveSecret("file:/no/such/file", { env: {}, what: "core up" })).rejects.toMatchObject({
    code: "EINVAL",
  });
});

test("a file's content is taken without its last line break", async () => {
  using home = temporaryHome({ key: "sk-from-file\n" });
  expect(await resolveSecret(`file:${home.file("key")}`, { env: {}, what: "core up" })).toBe("sk-from-file");
});
