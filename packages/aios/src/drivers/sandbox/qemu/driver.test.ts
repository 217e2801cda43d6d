import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ada } from "../../../../test/conformance/sandbox-opened.ts";
import { posixPrograms, sandboxConformance } from "../../../../test/conformance/sandbox.ts";
import { hasQemu, openGuest } from "../../../../test/qemu-guest.ts";
import type { SandboxDriver } from "../../../kernel/ports.ts";
import { createRealClock } from "../../clock/real.ts";
import { createQemuDriver } from "./driver.ts";

const timeoutMs = 120_000;
const clock = createRealClock();

test("without a guest there is no virtual machine, and it is said how to make one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "aios-qemu-"));
  const driver = createQemuDriver({ folder: join(folder, "boxes"), guest: join(folder, "absent"), clock });
  expect(await driver.probe()).toMatchObject({ is: "missing", fix: expect.stringMatching(/aios sandbox guest|apt/) });
  await expect(driver.create({ id: "x", tenant: ada })).rejects.toMatchObject({ code: "ENOSYS" });
  expect(await driver.list()).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("what was made is deleted where there is no guest any more", async () => {
  const folder = mkdtempSync(join(tmpdir(), "aios-qemu-"));
  const record = {
    id: "left",
    tenant: "ada",
    guarded: [],
    views: [],
    limits: { memoryBytes: 1e9, processes: 9, openFiles: 9, fileBytes: 9, outputBytes: 9, wallMs: 9 },
    owner: { uid: process.getuid?.(), gid: process.getgid?.() },
  };
  mkdirSync(join(folder, "left/home"), { recursive: true });
  writeFileSync(join(folder, "left/sandbox.json"), JSON.stringify(record));
  writeFileSync(join(folder, "left/home/file"), "kept");
  const driver = createQemuDriver({ folder, guest: join(folder, "absent"), clock });
  const found = (await driver.attach("left"))!;
  expect(Buffer.from(await found.download("file", { maxBytes: 10 })).toString()).toBe("kept");
  const signal = new AbortController().signal;
  await expect(
    found
      .exec({ argv: ["true"], signal })
      [Symbol.asyncIterator]()
      .next(),
  ).rejects.toMatchObject({
    code: "ENOSYS",
  });
  await found.delete();
  expect(await driver.list()).toEqual([]);
  rmSync(folder, { recursive: true });
});

describe.runIf(hasQemu)("with QEMU", { timeout: timeoutMs }, () => {
  let opened: Awaited<ReturnType<typeof openGuest>>;
  beforeAll(async () => {
    opened = await openGuest();
  }, timeoutMs);
  afterAll(() => opened[Symbol.asyncDispose](), timeoutMs);

  sandboxConformance(
    "qemu",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "aios-qemu-"));
      // Emulated: what a machine's KVM is worth is not what is tested.
      const make = (): SandboxDriver => createQemuDriver({ ...opened, folder, clock, accelerator: "tcg" });
      return {
        driver: make(),
        again: async () => make(),
        [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
      };
    },
    { programs: posixPrograms, posix: true, folders: true, timeoutMs },
  );
});
