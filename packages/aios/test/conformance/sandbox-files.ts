import { expect, test } from "vitest";
import { makeSandbox, ok, run, runShell } from "./sandbox-opened.ts";
import type { OpenedSandboxes, SandboxAbilities } from "./sandbox-opened.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Files that go in and come out, and the ways that lead out of the home folder. */
export function describeSandboxFiles(opened: () => OpenedSandboxes, { programs, posix }: SandboxAbilities): void {
  const make = () => makeSandbox(opened().driver);

  test("an uploaded file is found inside, folders on its way are made, and it comes back byte for byte", async () => {
    await using sandbox = await make();
    await sandbox.upload("notes/day one/二.txt", bytesOf("first"));
    expect(await run(sandbox, programs.read("notes/day one/二.txt"))).toMatchObject({ out: "first", ended: ok });
    await sandbox.upload("notes/day one/二.txt", bytesOf("2nd"));
    expect(await run(sandbox, programs.read("notes/day one/二.txt"))).toMatchObject({ out: "2nd" });
    const every = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    await sandbox.upload("every.bin", every);
    expect(Buffer.compare(await sandbox.download("every.bin", { maxBytes: 70_000 }), every)).toBe(0);
  });

  test("what a command wrote is downloaded; the command can change what was uploaded", async () => {
    await using sandbox = await make();
    await sandbox.upload("file.txt", bytesOf("old"));
    expect(await run(sandbox, programs.write("file.txt", "new"))).toMatchObject({ ended: ok });
    expect(textOf(await sandbox.download("file.txt", { maxBytes: 10 }))).toBe("new");
  });

  test("no such file is ENOENT, one that is larger than asked for E2BIG, a folder EINVAL", async () => {
    await using sandbox = await make();
    await sandbox.upload("folder/file", bytesOf("12345678901"));
    await expect(sandbox.download("absent", { maxBytes: 10 })).rejects.toMatchObject({ code: "ENOENT" });
    await expect(sandbox.download("folder/file", { maxBytes: 10 })).rejects.toMatchObject({ code: "E2BIG" });
    await expect(sandbox.download("folder", { maxBytes: 10 })).rejects.toMatchObject({ code: "EINVAL" });
    await expect(sandbox.upload("folder", bytesOf("x"))).rejects.toMatchObject({ code: "EINVAL" });
  });

  test.each(["../out", "a/../../out", "/etc/passwd", "", ".", "a/..", "nul\0byte"])(
    "%j is no path: EINVAL",
    async (path) => {
      await using sandbox = await make();
      await expect(sandbox.upload(path, bytesOf("x"))).rejects.toMatchObject({ code: "EINVAL" });
      await expect(sandbox.download(path, { maxBytes: 10 })).rejects.toMatchObject({ code: "EINVAL" });
    },
  );

  test("a snapshot brings back what was there, and removes what came after it", async () => {
    await using sandbox = await make();
    await sandbox.upload("kept/file", bytesOf("before"));
    const snapshot = await sandbox.snapshot();
    await run(sandbox, programs.write("kept/file", "after"));
    await run(sandbox, programs.write("new", "after"));
    await sandbox.revert(snapshot);
    expect(await run(sandbox, programs.read("kept/file"))).toMatchObject({ out: "before" });
    await expect(sandbox.download("new", { maxBytes: 10 })).rejects.toMatchObject({ code: "ENOENT" });
    await run(sandbox, programs.write("kept/file", "again"));
    await sandbox.revert(snapshot);
    expect(textOf(await sandbox.download("kept/file", { maxBytes: 10 }))).toBe("before");
    await expect(sandbox.revert("no-such-snapshot")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(sandbox.revert("../../etc")).rejects.toMatchObject({ code: "ENOENT" });
  });

  if (!posix) return;

  test("links that a command planted lead neither an upload nor a download out of the home folder", async () => {
    await using sandbox = await make();
    const planted =
      "ln -s /etc/passwd leaf; ln -s /etc dir; ln -s ../../../../../../etc up; ln -s /tmp tmp; ln -s loop loop";
    expect((await runShell(sandbox, planted)).ended.code).toBe(0);
    const out = { code: expect.stringMatching(/^(EINVAL|ENOENT)$/) };
    for (const path of ["leaf", "dir/passwd", "up/passwd", "loop"]) {
      await expect(sandbox.download(path, { maxBytes: 1_000_000 })).rejects.toMatchObject(out);
    }
    for (const path of ["dir/aios-planted", "up/aios-planted", "tmp/aios-planted", "loop/x"]) {
      await expect(sandbox.upload(path, bytesOf("x"))).rejects.toMatchObject(out);
    }
    // A link in the place of the file is replaced, and what it led to stays as it is.
    await sandbox.upload("leaf", bytesOf("mine"));
    expect(textOf(await sandbox.download("leaf", { maxBytes: 10 }))).toBe("mine");
    expect((await runShell(sandbox, "test ! -L leaf && ! grep -q mine /etc/passwd")).ended.code).toBe(0);
  });

  test("a pipe in the place of a file does not hold a download up", async () => {
    await using sandbox = await make();
    expect((await runShell(sandbox, "mkfifo pipe")).ended.code).toBe(0);
    await expect(sandbox.download("pipe", { maxBytes: 10 })).rejects.toMatchObject({ code: "EINVAL" });
  });

  test("links swapped in and out while files are fetched never let one from outside through", async () => {
    await using sandbox = await make();
    await sandbox.upload("d/passwd", bytesOf("inside"));
    const controller = new AbortController();
    const swap = "mv d real; while :; do ln -sfn real d; ln -sfn /etc d; done";
    const swapping = run(sandbox, ["sh", "-c", swap], { signal: controller.signal }).catch(() => undefined);
    const seen = new Set<string>();
    for (let round = 0; round < 300; round++) {
      try {
        seen.add(textOf(await sandbox.download("d/passwd", { maxBytes: 1_000_000 })));
      } catch {
        seen.add("refused");
      }
    }
    controller.abort();
    await swapping;
    expect([...seen].filter((one) => one !== "inside" && one !== "refused")).toEqual([]);
  });

  test("what a command made unreadable is snapshotted, reverted and deleted like all else", async () => {
    const sandbox = await make();
    await runShell(sandbox, "mkdir -p shut/in && echo x > shut/in/file && chmod 0 shut/in/file shut/in shut");
    const snapshot = await sandbox.snapshot();
    await sandbox.revert(snapshot);
    expect((await runShell(sandbox, "chmod 700 shut shut/in && chmod 600 shut/in/file && cat shut/in/file")).out).toBe(
      "x\n",
    );
    await runShell(sandbox, "chmod 0 shut/in shut");
    await sandbox.delete();
    expect(await opened().driver.list()).not.toContainEqual(expect.objectContaining({ id: sandbox.id }));
  });
}
