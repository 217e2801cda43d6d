import { describe, expect, test } from "vitest";
import { hasBubblewrap, openBubblewrap } from "../../../../test/bubblewrap.ts";
import { makeSandbox, ok, run, runShell } from "../../../../test/conformance/sandbox-opened.ts";

/** The same from command to command while it is not made anew: the number of a namespace alone is given again. */
const namespaceOf = `echo $(readlink /proc/self/ns/pid) $(cut -d" " -f22 /proc/1/stat)`;

const python = (script: string): string[] => ["python3", "-c", script];

describe.runIf(hasBubblewrap)("a sandbox that stays from one command to the next", { timeout: 30_000 }, () => {
  test("runs them in the same namespaces, and nothing of one is there for the next", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const look = `${namespaceOf}; set -- /proc/[0-9]*; echo $#; ls -A /tmp /dev/shm; ulimit -n`;
    const first = await runShell(sandbox, look);
    await runShell(
      sandbox,
      "sleep 300 & setsid sleep 300 & (sleep 300 &) ; ulimit -n 20; cd /; umask 0; nice -n 5 true",
    );
    await runShell(sandbox, "kill -9 -1; exit 0");
    expect((await runShell(sandbox, look)).out).toBe(first.out);
    expect(first.out.split("\n")[1]).toBe("2");
  });

  test.each([
    ["a file in /tmp", ["sh", "-c", "echo x > /tmp/left"]],
    ["a file in /dev/shm", ["sh", "-c", "echo x > /dev/shm/left"]],
    ["a folder that nobody can read", ["sh", "-c", "chmod 0 /tmp"]],
    ["a queue", python("import ctypes; assert ctypes.CDLL(None).msgget(7, 0o1600) >= 0")],
    ["semaphores", python("import ctypes; assert ctypes.CDLL(None).semget(7, 1, 0o1600) >= 0")],
    ["a bound on the first process", python("import resource as r; r.prlimit(1, r.RLIMIT_NPROC, (5, 5))")],
    ["a lower priority of the first process", python("import os; os.setpriority(os.PRIO_PROCESS, 1, 9)")],
    [
      "fewer processors for the first process",
      python("import os; os.sched_setaffinity(1, [min(os.sched_getaffinity(0))])"),
    ],
  ])("is made anew where a command left %s", async (what, argv) => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const look = `${namespaceOf}; ls -lAd /tmp /dev/shm | cut -c1-10; ls -A /tmp /dev/shm; tail -n +2 /proc/sysvipc/msg /proc/sysvipc/sem; grep -E "processes|Cpus_allowed:" /proc/1/limits /proc/1/status; ps -o ni= -p 1 2>/dev/null`;
    const before = (await runShell(sandbox, look)).out.split("\n");
    const { ended, errors } = await run(sandbox, argv);
    if (what.includes("processors") && before.some((line) => /Cpus_allowed:\s+1$/.test(line))) return;
    expect({ ended, errors }).toEqual({ ended: ok, errors: "" });
    const after = (await runShell(sandbox, look)).out.split("\n");
    expect(after[0]).not.toBe(before[0]);
    expect(after.slice(1)).toEqual(before.slice(1));
  });

  test("lets no command reach its first process: memory, handles, signals", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const script = `
import ctypes, os, signal
def asked(what, act):
    try: act(); print(what)
    except OSError: pass
asked("memory", lambda: open("/proc/1/mem", "r+b"))
asked("handles", lambda: os.listdir("/proc/1/fd"))
asked("a handle", lambda: open("/proc/1/fd/4", "r+b"))
asked("environment", lambda: open("/proc/1/environ").read())
asked("root", lambda: os.listdir("/proc/1/root"))
for one in range(1, 65):
    try: os.kill(1, one)
    except OSError: pass
print(os.readlink("/proc/self/ns/pid"), open("/proc/1/stat").read().split()[21])`;
    const { out } = await run(sandbox, python(script));
    expect(out).toBe((await runShell(sandbox, namespaceOf)).out);
  });

  test("what a command says in the resident's own way is output like any other", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const forged = String.raw`printf 'x\0\0\0\0017' >&2; printf 'x\0\0\0\0017'; for at in 3 4 5 6 7 8 9 10 11; do (printf 'x\0\0\0\0017' >&$at) 2>/dev/null && echo $at; done; exit 3`;
    const { out, ended } = await run(sandbox, ["bash", "-c", forged]);
    expect({ out, code: ended.code }).toEqual({ out: "x\0\0\0\u{1}7", code: 3 });
  });

  test("a command that is killed takes its sandbox with it, and the next one has another", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const before = (await runShell(sandbox, namespaceOf)).out;
    expect((await runShell(sandbox, "sleep 60", { limits: { wallMs: 200 } })).ended.exceeded).toBe("wallMs");
    expect((await runShell(sandbox, namespaceOf)).out).not.toBe(before);
  });

  test("a reader that stops in the middle of much output is not waited for, and the next command runs", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, { limits: { outputBytes: 1e9 } });
    const signal = new AbortController().signal;
    for await (const event of sandbox.exec({ argv: ["cat", "/dev/zero"], signal })) {
      expect(event.type).toBe("output");
      await new Promise((resolve) => setTimeout(resolve, 200));
      break;
    }
    expect((await runShell(sandbox, "echo next")).out).toBe("next\n");
  });

  test("much input and much output pass at the same time, whole", async () => {
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver);
    const input = Buffer.alloc(6_000_000, "a line of text\n");
    const counted = await run(sandbox, ["sh", "-c", "tee /dev/stderr | wc -c"], { input });
    expect(counted.out).toBe("6000000\n");
    expect(counted.errors.length).toBe(6_000_000);
  });

  test("where that is not wanted, each command is in namespaces of its own", async () => {
    await using driver = openBubblewrap({ residents: false });
    await using sandbox = await makeSandbox(driver);
    const seen = new Set<string>();
    for (let round = 0; round < 3; round++)
      seen.add((await runShell(sandbox, `${namespaceOf}; cat`, { input: "in" })).out);
    expect(seen.size).toBe(3);
    for (const one of seen) expect(one).toMatch(/^pid:\[\d+\] \d+\nin$/);
    await expect(run(sandbox, ["no-such-program"])).rejects.toMatchObject({ code: "ENOENT" });
    const late = await runShell(sandbox, "(setsid sleep 300 &); sleep 300", { limits: { wallMs: 300 } });
    expect(late.ended.exceeded).toBe("wallMs");
  });
});
