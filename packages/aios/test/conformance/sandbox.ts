import { isSysError } from "@aiosjs/sdk/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeSandboxFiles } from "./sandbox-files.ts";
import { describeSandboxFolders } from "./sandbox-folders.ts";
import { describeSandboxLife } from "./sandbox-life.ts";
import { ada, bob, makeSandbox, newId, ok, run } from "./sandbox-opened.ts";
import type { OpenedSandboxes, SandboxAbilities } from "./sandbox-opened.ts";
import { describeSandboxProcesses } from "./sandbox-processes.ts";

export { posixPrograms } from "./sandbox-opened.ts";
export type { OpenedSandboxes, SandboxAbilities } from "./sandbox-opened.ts";

/** Every sandbox driver passes this: `sandboxConformance("bubblewrap", open, abilities)`. */
export function sandboxConformance(
  name: string,
  open: () => Promise<OpenedSandboxes>,
  abilities: SandboxAbilities,
): void {
  const { programs, timeoutMs: timeout = 30_000 } = abilities;
  describe(`${name} as a sandbox`, { timeout }, () => {
    let opened: OpenedSandboxes;
    beforeEach(async () => {
      opened = await open();
    }, timeout);
    afterEach(() => opened[Symbol.asyncDispose](), timeout);
    const make: typeof makeSandbox extends (driver: never, spec?: infer Spec) => infer Made
      ? (spec?: Spec) => Made
      : never = (spec) => makeSandbox(opened.driver, spec);

    test("it says that it can be used here, and in which version", async () => {
      expect(await opened.driver.probe()).toMatchObject({ is: "available", version: expect.stringMatching(/\d/) });
    });

    test("a command's output and its end come back", async () => {
      await using sandbox = await make();
      const text = "two words, 二 and 🙂, a\nsecond line, 'quotes' \"too\" $HOME `x` \\n";
      expect(await run(sandbox, programs.print(text))).toMatchObject({ out: text, errors: "", ended: ok });
    });

    test.each([1, 7, 126, 127, 255])("a program that ends with %i says so", async (code) => {
      await using sandbox = await make();
      const { ended } = await run(sandbox, programs.fail(code));
      expect(ended).toEqual({ type: "ended", code, signal: null, droppedBytes: 0 });
    });

    test("it reads its input to the end, text or bytes, and without one it is at the end at once", async () => {
      await using sandbox = await make();
      expect(await run(sandbox, programs.echo(), { input: "línea 二\n" })).toMatchObject({ out: "línea 二\n" });
      const large = new Uint8Array(300_000).fill(97);
      expect(await run(sandbox, programs.echo(), { input: large })).toMatchObject({ bytes: 300_000, ended: ok });
      expect(await run(sandbox, programs.echo())).toMatchObject({ out: "", ended: ok });
    });

    test("a program that never reads its input harms nobody", async () => {
      await using sandbox = await make();
      const { ended } = await run(sandbox, programs.fail(3), { input: new Uint8Array(4_000_000) });
      expect(ended.code).toBe(3);
      expect(await run(sandbox, programs.print("still here"))).toMatchObject({ out: "still here" });
    });

    test("output beyond its bound is dropped and counted, and the program goes on to its end", async () => {
      await using sandbox = await make({ limits: { outputBytes: 10_000 } });
      const large = await run(sandbox, programs.flood(1_000_000));
      expect(large.bytes).toBe(10_000);
      expect(large.ended).toEqual({ ...ok, droppedBytes: 990_000 });
      const tighter = await run(sandbox, programs.flood(5_000), { limits: { outputBytes: 100 } });
      expect(tighter.ended).toEqual({ ...ok, droppedBytes: 4_900 });
      const wider = await run(sandbox, programs.flood(20_000), { limits: { outputBytes: 1_000_000 } });
      expect(wider.ended).toEqual({ ...ok, droppedBytes: 10_000 });
    });

    test("a command that runs longer than it may is killed, and its end says why", async () => {
      await using sandbox = await make({ limits: { wallMs: 60_000 } });
      const { ended } = await run(sandbox, programs.spin(), { limits: { wallMs: 300 } });
      expect(ended).toEqual({ type: "ended", code: null, signal: "SIGKILL", exceeded: "wallMs", droppedBytes: 0 });
      expect(await run(sandbox, programs.print("next"))).toMatchObject({ out: "next", ended: ok });
    });

    test("a command cannot have longer than its sandbox", async () => {
      await using sandbox = await make({ limits: { wallMs: 300 } });
      const { ended } = await run(sandbox, programs.spin(), { limits: { wallMs: 3_600_000 } });
      expect(ended).toMatchObject({ code: null, exceeded: "wallMs" });
    });

    test("aborting a command kills it: ECANCELED", async () => {
      await using sandbox = await make();
      const controller = new AbortController();
      const running = run(sandbox, programs.spin(), { signal: controller.signal });
      const caught = running.catch((fault: unknown) => fault);
      await new Promise((resolve) => setTimeout(resolve, 200));
      controller.abort();
      expect(await caught).toSatisfy(isSysError);
      expect(await caught).toMatchObject({ code: "ECANCELED" });
      await expect(run(sandbox, programs.print("no"), { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: "ECANCELED",
      });
      expect(await run(sandbox, programs.print("yes"))).toMatchObject({ out: "yes" });
    });

    test("commands run side by side, each with its own output", async () => {
      await using sandbox = await make();
      const all = await Promise.all(
        Array.from({ length: 5 }, (_, index) => run(sandbox, programs.print(`${index}`.repeat(1_000)))),
      );
      expect(all.map(({ out }) => out)).toEqual(all.map((_, index) => `${index}`.repeat(1_000)));
    });

    test("the environment is built from nothing: what this process knows is not known inside", async () => {
      process.env["AIOS_SUITE_SECRET"] = "to-be-kept";
      try {
        await using sandbox = await make();
        const environment = { GREETING: "hello 'world' $X\n二", EMPTY: "" };
        const { out } = await run(sandbox, programs.environment(), { environment });
        expect(out).toContain("GREETING=hello 'world' $X\n二\n");
        expect(out).toMatch(/^EMPTY=$/m);
        expect(out).not.toContain("to-be-kept");
        const names = out.match(/^[A-Za-z_]+(?==)/gm) ?? [];
        const told = ["PATH", "HOME", "LANG", "GREETING", "EMPTY"];
        // Where there is no /tmp of its own; and what a shell adds.
        const known = new Set([...told, "TMPDIR", "PWD", "SHLVL", "_", "HOSTNAME", "OLDPWD"]);
        expect(names.filter((one) => !known.has(one))).toEqual([]);
        expect(names).toEqual(expect.arrayContaining(told));
      } finally {
        delete process.env["AIOS_SUITE_SECRET"];
      }
    });

    test("a command starts in the home folder, or in the folder it names", async () => {
      await using sandbox = await make();
      expect((await run(sandbox, programs.folder())).out.trim()).toBe(sandbox.home);
      await sandbox.upload("deep/er/file", new Uint8Array());
      const folder = `${sandbox.home}/deep/er`;
      expect((await run(sandbox, programs.folder(), { folder })).out.trim()).toBe(folder);
    });

    test("a program that is not there is ENOENT", async () => {
      await using sandbox = await make();
      await expect(run(sandbox, ["no-such-program-anywhere"])).rejects.toMatchObject({ code: "ENOENT" });
      await expect(run(sandbox, [])).rejects.toMatchObject({ code: "EINVAL" });
    });

    test("what one command leaves in the home folder, the next one finds", async () => {
      await using sandbox = await make();
      expect(await run(sandbox, programs.write("kept.txt", "as it was"))).toMatchObject({ ended: ok });
      expect(await run(sandbox, programs.read("kept.txt"))).toMatchObject({ out: "as it was" });
    });

    test("two sandboxes do not see what is in each other, of two tenants or of one", async () => {
      await using first = await make();
      await using second = await make();
      await using third = await make({ tenant: bob });
      await run(first, programs.write("secret.txt", "mine"));
      for (const other of [second, third]) {
        expect((await run(other, programs.read("secret.txt"))).ended.code).not.toBe(0);
        await expect(other.download("secret.txt", { maxBytes: 100 })).rejects.toMatchObject({ code: "ENOENT" });
      }
      expect(await run(first, programs.read("secret.txt"))).toMatchObject({ out: "mine" });
    });

    test("an id that is not made of small letters and digits is EINVAL, one that is taken EEXIST", async () => {
      for (const id of ["", "Up", "a/b", "..", "a".repeat(33), "a b"]) {
        await expect(opened.driver.create({ id, tenant: ada })).rejects.toMatchObject({ code: "EINVAL" });
      }
      const id = newId();
      await using _sandbox = await make({ id });
      await expect(opened.driver.create({ id, tenant: bob })).rejects.toMatchObject({ code: "EEXIST" });
    });

    describeSandboxFiles(() => opened, abilities);
    describeSandboxLife(() => opened, abilities);
    if (abilities.posix) describeSandboxProcesses(() => opened, abilities);
    if (abilities.folders) describeSandboxFolders(() => opened, abilities);
  });
}
