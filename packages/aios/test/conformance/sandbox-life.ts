import { expect, test } from "vitest";
import { ada, bob, makeSandbox, newId, run } from "./sandbox-opened.ts";
import type { OpenedSandboxes, SandboxAbilities } from "./sandbox-opened.ts";

/** Beginning, end, and what the next kernel finds. */
export function describeSandboxLife(opened: () => OpenedSandboxes, { programs }: SandboxAbilities): void {
  test("what was made is listed with its tenant until it is deleted; deleting twice is deleting once", async () => {
    const { driver } = opened();
    const first = await makeSandbox(driver, { tenant: ada });
    const second = await makeSandbox(driver, { tenant: bob });
    expect(await driver.list()).toEqual(
      expect.arrayContaining([
        { id: first.id, tenant: ada },
        { id: second.id, tenant: bob },
      ]),
    );
    await first.delete();
    await first.delete();
    const ids = (await driver.list()).map(({ id }) => id);
    expect(ids).not.toContain(first.id);
    expect(ids).toContain(second.id);
    expect(await driver.attach(first.id)).toBeUndefined();
    await second.delete();
  });

  test("a deleted sandbox is ESTALE, and its id can be given again, to an empty one", async () => {
    const { driver } = opened();
    const sandbox = await makeSandbox(driver);
    await run(sandbox, programs.write("file", "x"));
    await sandbox.delete();
    await expect(run(sandbox, programs.print("x"))).rejects.toMatchObject({ code: "ESTALE" });
    await expect(sandbox.upload("file", new Uint8Array())).rejects.toMatchObject({ code: "ESTALE" });
    await expect(sandbox.download("file", { maxBytes: 1 })).rejects.toMatchObject({ code: "ESTALE" });
    await using next = await makeSandbox(driver, { id: sandbox.id, tenant: bob });
    await expect(next.download("file", { maxBytes: 1 })).rejects.toMatchObject({ code: "ENOENT" });
    await expect(run(sandbox, programs.print("x"))).rejects.toMatchObject({ code: "ESTALE" });
  });

  test("deleting a sandbox kills what runs in it", async () => {
    const sandbox = await makeSandbox(opened().driver);
    const running = run(sandbox, programs.spin()).then(
      ({ ended }) => ended.code,
      (fault: unknown) => fault,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await sandbox.delete();
    // Killed, or refused because it is gone: never an end of its own.
    expect([null, "ESTALE"]).toContain(
      await running.then((end) => (end === null ? null : (end as { code: string }).code)),
    );
  });

  test("a stopped sandbox has killed what ran, keeps its files, and runs the next command", async () => {
    await using sandbox = await makeSandbox(opened().driver);
    await run(sandbox, programs.write("kept", "x"));
    const running = run(sandbox, programs.spin());
    await new Promise((resolve) => setTimeout(resolve, 200));
    await sandbox.stop();
    expect((await running).ended).toMatchObject({ code: null, signal: "SIGKILL" });
    expect(await run(sandbox, programs.read("kept"))).toMatchObject({ out: "x" });
  });

  test("leaving a command's events kills it", async () => {
    await using sandbox = await makeSandbox(opened().driver);
    for await (const event of sandbox.exec({ argv: programs.flood(1e9), signal: new AbortController().signal })) {
      expect(event.type).toBe("output");
      break;
    }
    // A sandbox in which nothing runs can be kept; one in which something runs is EBUSY.
    expect(await sandbox.snapshot()).toEqual(expect.any(String));
  });

  test("while a command runs there is neither a snapshot nor a revert: EBUSY", async () => {
    await using sandbox = await makeSandbox(opened().driver);
    const snapshot = await sandbox.snapshot();
    const running = run(sandbox, programs.spin());
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(sandbox.snapshot()).rejects.toMatchObject({ code: "EBUSY" });
    await expect(sandbox.revert(snapshot)).rejects.toMatchObject({ code: "EBUSY" });
    await sandbox.stop();
    await running;
    await sandbox.revert(snapshot);
  });

  test("its figures are of what is in it", async () => {
    await using sandbox = await makeSandbox(opened().driver);
    const before = await sandbox.stats();
    await sandbox.upload("file", new Uint8Array(1_000_000).fill(7));
    const after = await sandbox.stats();
    expect(after.diskBytes - before.diskBytes).toBeGreaterThan(900_000);
    expect(after.processes).toBeGreaterThanOrEqual(0);
    expect(after.memoryBytes).toBeGreaterThanOrEqual(0);
  });

  test("a driver that is made anew finds what the one before it left: listed, attached, usable, deleted", async () => {
    const { driver } = opened();
    if (!opened().again) return;
    const id = newId();
    const sandbox = await driver.create({ id, tenant: bob, limits: { wallMs: 400, outputBytes: 50 } });
    await run(sandbox, programs.write("kept", "as it was"));
    const next = (await opened().again?.())!;
    expect(await next.list()).toContainEqual({ id, tenant: bob });
    expect(await next.attach(newId())).toBeUndefined();
    const found = await next.attach(id);
    expect(found).toMatchObject({ id, tenant: bob, home: sandbox.home });
    expect(await run(found!, programs.read("kept"))).toMatchObject({ out: "as it was" });
    // Its limits came with it.
    expect((await run(found!, programs.spin())).ended).toMatchObject({ exceeded: "wallMs" });
    expect((await run(found!, programs.flood(80))).ended).toMatchObject({ droppedBytes: 30 });
    await found!.delete();
    expect((await next.list()).map((one) => one.id)).not.toContain(id);
    expect(await next.attach(id)).toBeUndefined();
  });
}
