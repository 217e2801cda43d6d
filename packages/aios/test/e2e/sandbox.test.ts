import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBubblewrap } from "../bubblewrap.ts";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

/** Generous: each test starts many Node processes, and the machine may be busy. */
const timeoutMs = 300_000;

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

describe.runIf(hasBubblewrap)("sandboxes on the command line", { timeout: timeoutMs }, () => {
  test("a command runs away from the machine; its output and exit code come through", async () => {
    const script = `cat; echo out; echo err >&2; cat '${aios.home}/config.yaml' '${aios.home}/kernel.json'; exit 5`;
    const ran = await aios.run(["sandbox", "exec", "--stdin", "--", "sh", "-c", script], { input: "in " });
    expect(ran).toMatchObject({ code: 5, out: "in out\n" });
    expect(ran.err).toMatch(/^err\n.*kernel\.json.*No such file/s);
    expect(await aios.run(["sandbox", "exec", "--wall", "1", "--", "sleep", "100"])).toMatchObject({ code: 137 });
    expect((await aios.run(["sandbox", "exec"])).code).toBe(2);
    expect((await aios.run(["sandbox", "ls"])).err).toContain("no sandboxes");
    const { err, code } = await aios.run(["sandbox", "exec", "--tier", "vm", "--", "true"]);
    expect([code, err]).toEqual([3, expect.stringContaining("no sandbox of the vm tier or stronger here")]);
  });

  test("a sandbox is kept with its files until it is removed, over a restart of the kernel too", async () => {
    const made = (await aios.run(["sandbox", "create"])).out.trim();
    await aios.run(["sandbox", "exec", made, "--", "sh", "-c", "echo kept > note"]);
    expect((await aios.run(["down"])).code).toBe(0);
    await up();
    const again = await aios.run(["sandbox", "exec", "--json", made, "--", "cat", "note"]);
    expect(JSON.parse(again.out)).toMatchObject({ ok: true, data: { code: 0, stdout: "kept\n" } });
    expect(await aios.data(["sandbox", "ls"])).toMatchObject([{ sandbox: made, driver: "bubblewrap", commands: 0 }]);
    expect((await aios.run(["sandbox", "rm", made])).code).toBe(0);
    expect(await aios.data(["sandbox", "ls"])).toEqual([]);
    expect((await aios.run(["sandbox", "rm", made])).code).toBe(3);
  });
});
