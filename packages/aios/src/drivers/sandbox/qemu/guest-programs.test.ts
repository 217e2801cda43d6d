import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enterProgram, reseedProgram } from "./guest-programs.ts";

// They are programs of Linux on x86-64, in a guest as here; what they do takes root.
const canRun = process.platform === "linux" && process.arch === "x64" && process.getuid?.() === 0;

describe.runIf(canRun)("programs of the guest", () => {
  let folder: string;
  let enter: string;
  let reseed: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "aios-programs-"));
    [enter, reseed] = [join(folder, "enter"), join(folder, "reseed")];
    writeFileSync(enter, enterProgram(), { mode: 0o755 });
    writeFileSync(reseed, reseedProgram(), { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("enter gives up all rights for good, keeps arguments and environment, and becomes the program", () => {
    const script =
      'id -u; id -g; id -G; grep -E "^(Cap(Prm|Eff|Inh|Amb)|NoNewPrivs|Seccomp):" /proc/self/status; echo "$1:$KEY"';
    const { stdout, status } = spawnSync(enter, ["/bin/sh", "-c", script, "sh", "two words"], {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin", KEY: "value" },
      encoding: "utf8",
    });
    const none = "0".repeat(16);
    expect(stdout).toBe(
      `1000\n1000\n1000\nCapInh:\t${none}\nCapPrm:\t${none}\nCapEff:\t${none}\nCapAmb:\t${none}\nNoNewPrivs:\t1\nSeccomp:\t2\ntwo words:value\n`,
    );
    expect(status).toBe(0);
    expect(spawnSync(enter, ["/usr/bin/unshare", "-U", "true"]).status).not.toBe(0);
  });

  test("enter says 126 where there is no such program, or where it may not give rights up", () => {
    expect(spawnSync(enter, [join(folder, "absent")]).status).toBe(126);
    expect(spawnSync(enter, ["/bin/true"], { uid: 65_534, gid: 65_534, cwd: "/" }).status).not.toBe(0);
  });

  test("reseed takes 64 bytes and has numbers made anew, and says so where it cannot", () => {
    expect(spawnSync(reseed, { input: Buffer.alloc(64, 7) }).status).toBe(0);
    expect(spawnSync(reseed, { input: Buffer.alloc(63, 7) }).status).toBe(1);
    // Setpriv keeps root and takes its rights.
    const poor = ["--bounding-set=-all", "--inh-caps=-all", reseed];
    expect(spawnSync("/usr/bin/setpriv", poor, { input: Buffer.alloc(64, 7) }).status).toBe(1);
  });
});
