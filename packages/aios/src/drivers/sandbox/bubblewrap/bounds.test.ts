import { dirname, join } from "node:path";
import { realpathSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hasBubblewrap, openBubblewrap } from "../../../../test/bubblewrap.ts";
import { makeSandbox, run, runShell } from "../../../../test/conformance/sandbox-opened.ts";

const mebibyte = 1024 * 1024;
const repository = realpathSync(join(import.meta.dirname, "../../../../../.."));

describe.runIf(hasBubblewrap)("what a bubblewrap is bounded by", { timeout: 60_000 }, () => {
  test("processes that each stay below the bound on memory are killed when together they are above it", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, { limits: { memoryBytes: 200 * mebibyte } });
    const one = `python3 -c 'import time; held = b"x" * ${120 * mebibyte}; print("held", flush=True); time.sleep(30)'`;
    const alone = await runShell(sandbox, `${one.replace("sleep(30)", "sleep(0.6)")}`);
    expect(alone).toMatchObject({ out: "held\n", ended: { code: 0 } });
    const { ended } = await runShell(sandbox, `${one} & ${one} & ${one} & wait`);
    expect(ended).toMatchObject({ code: null, signal: "SIGKILL", exceeded: "memoryBytes" });
  });

  test("what a thread starts is counted as well", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, { limits: { memoryBytes: 200 * mebibyte } });
    const script = `
import subprocess, sys, threading
held = ["python3", "-c", "import time; held = b'x' * ${120 * mebibyte}; time.sleep(30)"]
threads = [threading.Thread(target=subprocess.run, args=(held,)) for one in range(3)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]`;
    expect((await run(sandbox, ["python3", "-c", script])).ended).toMatchObject({ exceeded: "memoryBytes" });
  });

  test("memory that processes share is counted too", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, { limits: { memoryBytes: 200 * mebibyte } });
    const script = `import mmap, time; held = mmap.mmap(-1, ${400 * mebibyte}); held.write(b"x" * ${150 * mebibyte}); held.write(b"x" * ${150 * mebibyte}); time.sleep(30)`;
    expect((await run(sandbox, ["python3", "-c", script])).ended).toMatchObject({ exceeded: "memoryBytes" });
  });

  test.each(["/tmp", "/dev/shm"])("%s holds no more than its bound", async (folder) => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const { out } = await runShell(sandbox, `head -c 200000000 /dev/zero > ${folder}/large; wc -c < ${folder}/large`);
    expect(Number(out)).toBeLessThanOrEqual(64 * mebibyte);
  });

  test.each(["/", "/dev", "/etc", "/usr", "/run", "/home", "/proc", "/proc/sys/kernel"])(
    "nothing is written in %s",
    async (folder) => {
      await using driver = openBubblewrap();
      await using sandbox = await makeSandbox(driver);
      const { out } = await runShell(
        sandbox,
        `(echo x > ${folder}/made) 2>/dev/null && echo written; mkdir ${folder}/folder 2>/dev/null && echo made`,
      );
      expect(out).toBe("");
    },
  );

  test("the kernel's settings are not changed, as root neither", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const script =
      "for at in kernel/panic kernel/hostname vm/overcommit_memory net/ipv4/ip_forward kernel/core_pattern user/max_user_namespaces; do cat /proc/sys/$at > /tmp/was && (cat /tmp/was > /proc/sys/$at) 2>/dev/null && echo $at; done; echo looked";
    expect((await runShell(sandbox, script)).out).toBe("looked\n");
  });

  test("calls that the filter forbids are refused, and there are no further namespaces", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const script = `
import ctypes, os, socket
call = ctypes.CDLL(None, use_errno=True).syscall
def asked(*args):
    ctypes.set_errno(0)
    return "allowed" if call(*args) >= 0 else os.strerror(ctypes.get_errno())
x = os.uname().machine == "x86_64"
print(asked(101 if x else 117, 0, 0, 0, 0), asked(425, 1, 0), asked(272 if x else 97, 0x10000000), asked(435, 0, 0), sep=",")
for family in (16, 40, 38, 17):
    try: socket.socket(family, socket.SOCK_RAW if family == 17 else socket.SOCK_DGRAM); print("open")
    except OSError as fault: print(fault.strerror)`;
    const { out } = await run(sandbox, ["python3", "-c", script]);
    const no = "Operation not permitted";
    expect(out.split("\n")[0]).toBe(`${no},${no},${no},Function not implemented`);
    expect(out.split("\n").slice(1, 5)).toEqual(
      Array.from({ length: 4 }, () => "Address family not supported by protocol"),
    );
    expect((await runShell(sandbox, "unshare --user true || unshare --net true || echo none")).out).toBe("none\n");
  });

  test("where bubblewrap cannot start there is no sandbox at all: ENOSYS, with the reason and what to do", async () => {
    await using driver = openBubblewrap();
    const views = [
      { from: dirname(process.execPath), at: "/opt/node" },
      { from: repository, at: "/opt/aios" },
    ];
    // In a sandbox there are no further user namespaces: the one machine without them that is always at hand.
    await using sandbox = await makeSandbox(driver, { views });
    const script = `
      import { createBubblewrap } from "/opt/aios/packages/aios/src/drivers/sandbox/bubblewrap/driver.ts";
      import { createRealClock } from "/opt/aios/packages/aios/src/drivers/clock/real.ts";
      const driver = createBubblewrap({ folder: "/tmp/sandboxes", clock: createRealClock() });
      const { is, fix } = await driver.probe();
      const fault = await driver.create({ id: "x", tenant: "t" }).catch((fault) => fault);
      console.log(JSON.stringify({ is, fix: fix.slice(0, 21), code: fault.code, message: fault.message.slice(0, 75), hint: fault.hint === fix }));`;
    const { out, errors } = await run(sandbox, [
      "/opt/node/node",
      "--conditions=aios-source",
      "--input-type=module",
      "-e",
      script,
    ]);
    expect(errors.replaceAll(/.*Warning.*\n|.*trace-warnings.*\n/g, "")).toBe("");
    expect(JSON.parse(out)).toEqual({
      is: "missing",
      fix: "allow user namespaces",
      code: "ENOSYS",
      message: expect.stringContaining("no sandbox of the process tier here: bwrap does not start"),
      hint: true,
    });
  });
});
