import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasBubblewrap } from "../../../../test/bubblewrap.ts";
import { isReachable } from "./machine.ts";

/** Nobody's: what runs as it owns what it makes, and nothing else. */
const uid = 2_100_000_001;
const isRoot = process.getuid?.() === 0;
const canRead = [import.meta.filename, realpathSync(process.execPath)].every((path) =>
  isReachable(path, { uid, needs: 0o004 }),
);

if (hasBubblewrap && isRoot && !canRead)
  test.skip("bubblewrap as a plain user: the sources lie where only root gets to", () => undefined);

// Who is not root runs the conformance suite as a plain user anyway; root sees here that it is not root's rights that make it work.
test.runIf(hasBubblewrap && isRoot && canRead)(
  "a plain user has the same sandboxes as root: commands, guards, snapshots of what cannot be read, killed daemons",
  { timeout: 60_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), "aios-plain-"));
    const workspace = join(folder, "workspace");
    mkdirSync(workspace);
    for (const one of [folder, workspace]) chownSync(one, uid, uid);
    try {
      const script = `
      import assert from "node:assert/strict";
      import { existsSync } from "node:fs";
      import { openBubblewrap } from ${JSON.stringify(import.meta.resolve("../../../../test/bubblewrap.ts"))};
      import { makeSandbox, runShell } from ${JSON.stringify(import.meta.resolve("../../../../test/conformance/sandbox-opened.ts"))};
      assert.equal(process.getuid(), ${uid});
      await using driver = openBubblewrap({ folder: ${JSON.stringify(join(folder, "sandboxes"))} });
      assert.equal((await driver.probe()).is, "available");
      await using sandbox = await makeSandbox(driver, { workspace: ${JSON.stringify(workspace)}, guarded: [".env"] });
      const first = await runShell(sandbox, "id -u; cat; echo bad > .env; mkdir shut; echo kept > shut/file; chmod 0 shut/file shut", { input: "in" });
      assert.equal(first.out, "1000\\nin");
      const snapshot = await sandbox.snapshot();
      await runShell(sandbox, "chmod 700 shut; rm -rf shut");
      await sandbox.revert(snapshot);
      assert.equal((await runShell(sandbox, "chmod 700 shut; chmod 600 shut/file; cat shut/file")).out, "kept\\n");
      assert.equal((await runShell(sandbox, "grep NoNewPrivs /proc/self/status; echo 1 > /proc/sys/kernel/panic || echo refused")).out, "NoNewPrivs:\\t1\\nrefused\\n");
      const late = await runShell(sandbox, "(setsid sleep 300 &); sleep 300", { limits: { wallMs: 300 } });
      assert.equal(late.ended.exceeded, "wallMs");
      await using own = await makeSandbox(driver);
      await own.upload("a/b", new TextEncoder().encode("up"));
      assert.equal((await runShell(own, "cat a/b; chmod 0 a")).out, "up");
      await own.delete();
      assert(!existsSync(${JSON.stringify(join(workspace, ".env"))}));
      console.log("all of it");`;
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ["--conditions=aios-source", "--input-type=module", "-e", script],
        { uid, gid: uid, cwd: "/", env: { PATH: process.env["PATH"], TMPDIR: folder, HOME: folder }, encoding: "utf8" },
      );
      expect({ stdout, stderr: stderr.replaceAll(/.*ExperimentalWarning.*\n|.*--trace-warnings.*\n/g, "") }).toEqual({
        stdout: "all of it\n",
        stderr: "",
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
