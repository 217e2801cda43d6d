import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { makeSandbox, newId, run, runShell } from "./sandbox-opened.ts";
import type { OpenedSandboxes, SandboxAbilities } from "./sandbox-opened.ts";

/** A child in a session of its own whose parent is gone: nothing leads from the command to it but the sandbox. */
const daemonised = (script: string): string => `(setsid sh -c '${script}' </dev/null >/dev/null 2>&1 &) ; sleep 0.2`;
const counting = "while :; do echo x >> ticks; sleep 0.05; done";

/** For drivers that run the machine's kind of commands. */
export function describeSandboxProcesses(opened: () => OpenedSandboxes, { fetch }: SandboxAbilities): void {
  const make = () => makeSandbox(opened().driver);
  const ticks = async (sandbox: Awaited<ReturnType<typeof make>>): Promise<number> =>
    (await sandbox.download("ticks", { maxBytes: 1_000_000 })).length;
  /** How much a counter has grown a while later. */
  const growth = async (sandbox: Awaited<ReturnType<typeof make>>): Promise<number> => {
    const before = await ticks(sandbox);
    await new Promise((resolve) => setTimeout(resolve, 400));
    return (await ticks(sandbox)) - before;
  };

  test("standard output and standard error come apart, and bytes that are no text stay as they are", async () => {
    await using sandbox = await make();
    const ran = await runShell(sandbox, "echo out; echo errors >&2");
    expect(ran).toMatchObject({ out: "out\n", errors: "errors\n" });
    const parts: Uint8Array[] = [];
    const argv = ["printf", "\\377\\000\\376"];
    for await (const event of sandbox.exec({ argv, signal: new AbortController().signal })) {
      if (event.type === "output") parts.push(event.bytes);
    }
    expect(Buffer.concat(parts).toString("hex")).toBe("ff00fe");
  });

  test("a long argument arrives whole", async () => {
    await using sandbox = await make();
    const text = "línea 'two'\n".repeat(8_000);
    expect((await run(sandbox, ["printf", "%s", text])).out).toBe(text);
  });

  test("/dev/stdout, /dev/stderr and /dev/stdin can be opened by name", async () => {
    await using sandbox = await make();
    const script = "echo a > /dev/stdout; echo b > /dev/stderr; cat /dev/stdin";
    expect(await runShell(sandbox, script, { input: "c" })).toMatchObject({ out: "a\nc", errors: "b\n" });
  });

  test("a program that a signal ends has the exit code that a shell shows", async () => {
    await using sandbox = await make();
    expect((await runShell(sandbox, "kill -SEGV $$")).ended).toMatchObject({ code: 139 });
    expect((await runShell(sandbox, "kill -TERM $$")).ended).toMatchObject({ code: 143 });
  });

  test("the wall clock kills everything that the command started, daemons too", async () => {
    await using sandbox = await make();
    const { ended } = await runShell(sandbox, `${daemonised(counting)}; sleep 60`, { limits: { wallMs: 900 } });
    expect(ended).toMatchObject({ code: null, exceeded: "wallMs" });
    expect(await ticks(sandbox)).toBeGreaterThan(0);
    expect(await growth(sandbox)).toBe(0);
  });

  test("aborting kills everything that the command started, daemons too", async () => {
    await using sandbox = await make();
    const controller = new AbortController();
    const onOutput = () => controller.abort();
    const script = `${daemonised(counting)}; echo up; sleep 60`;
    await expect(runShell(sandbox, script, { signal: controller.signal, onOutput })).rejects.toMatchObject({
      code: "ECANCELED",
    });
    expect(await growth(sandbox)).toBe(0);
  });

  test("a command's end is the end of all that it started", async () => {
    await using sandbox = await make();
    expect((await runShell(sandbox, daemonised(counting))).ended.code).toBe(0);
    expect(await growth(sandbox)).toBe(0);
  });

  test("a command that others hold open ends when it ends itself", async () => {
    await using sandbox = await make();
    const { ended } = await runShell(sandbox, "sleep 60 & echo started", { limits: { wallMs: 20_000 } });
    expect(ended).toMatchObject({ code: 0, signal: null });
  });

  test("a fork bomb is stopped by the bound on processes, and ends with its time", async () => {
    await using sandbox = await makeSandbox(opened().driver, { limits: { processes: 24 } });
    const bomb = "bomb() { bomb | bomb & sleep 5; }; bomb 2>/dev/null; sleep 30";
    const { ended } = await runShell(sandbox, bomb, { limits: { wallMs: 1_500 } });
    expect(ended.code === null || ended.code > 0).toBe(true);
    expect((await runShell(sandbox, "echo fine")).out).toBe("fine\n");
  });

  test("more processes than it may have are refused to it", async () => {
    await using sandbox = await makeSandbox(opened().driver, { limits: { processes: 8 } });
    const script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 2 & done; wait; echo all";
    const { out } = await runShell(sandbox, script, { limits: { wallMs: 8_000 } });
    expect(out).not.toBe("all\n");
  });

  test("a program that wants more memory than it may have does not get it", async () => {
    await using sandbox = await makeSandbox(opened().driver, { limits: { memoryBytes: 64 * 1024 * 1024 } });
    const { out } = await runShell(sandbox, "x=$(head -c 300000000 /dev/zero | tr '\\0' a) && echo got ${#x}");
    expect(out).not.toContain("got 300000000");
    expect((await runShell(sandbox, "echo fine")).out).toBe("fine\n");
  });

  test("a file larger than it may be is not written", async () => {
    await using sandbox = await makeSandbox(opened().driver, { limits: { fileBytes: 1_000_000 } });
    const { ended } = await runShell(sandbox, "head -c 3000000 /dev/zero > large");
    expect(ended.code).not.toBe(0);
    expect((await runShell(sandbox, "wc -c < large")).out.trim()).toMatch(/^(\d{1,6}|1000000)$/);
  });

  test("it runs as nobody special: not as root, without capabilities, and cannot become root", async () => {
    await using sandbox = await make();
    expect((await runShell(sandbox, "id -u")).out.trim()).not.toBe("0");
    const { out } = await runShell(sandbox, "grep -E '^(Cap(Prm|Eff|Inh|Amb)|NoNewPrivs)' /proc/self/status");
    expect(out.match(/^Cap\w+:\s+0+$/gm)).toHaveLength(4);
    expect(out).toMatch(/^NoNewPrivs:\s+1$/m);
  });

  test("what the machine runs is not seen inside", async () => {
    await using sandbox = await make();
    const { out } = await runShell(sandbox, `cat /proc/[0-9]*/cmdline | tr '\\0' ' '`);
    expect(out).not.toContain("vitest");
    const running = newId();
    await using other = await make();
    const controller = new AbortController();
    const sleeping = runShell(other, `echo up; sleep 60; echo ${running}`, {
      signal: controller.signal,
      onOutput: () => {
        void runShell(
          sandbox,
          `cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c "sleep 60; echo ${running.slice(0, -1)}[${running.slice(-1)}]"`,
        )
          .then(({ out: found }) => expect(found.trim()).toBe("0"))
          .finally(() => controller.abort());
      },
    });
    await expect(sleeping).rejects.toMatchObject({ code: "ECANCELED" });
  });

  test("there is no network: no interface but the loopback, which is its own", async () => {
    const server = createServer((socket) => socket.end("reached"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      await using sandbox = await make();
      const { port } = server.address() as AddressInfo;
      const { out } = await runShell(sandbox, "tail -n +3 /proc/net/dev | cut -d: -f1");
      expect(
        out
          .split("\n")
          .map((line) => line.trim())
          .filter(
            (line) =>
              line !== "" && !/^(lo|tunl0|sit0|ip6tnl0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6gre0)$/.test(line),
          ),
      ).toEqual([]);
      const script = `command -v bash >/dev/null || exit 9; bash -c 'cat < /dev/tcp/127.0.0.1/${port}'`;
      expect((await runShell(sandbox, script)).out).not.toContain("reached");
    } finally {
      server.close();
    }
  });

  if (fetch)
    test("with a way out, ordinary programs find it by the environment", async () => {
      await using sandbox = await make();
      expect((await run(sandbox, fetch!("http://example.test/"), { limits: { wallMs: 5_000 } })).ended.code).not.toBe(
        0,
      );
      const { openProxy } = await import("./sandbox-proxy.ts");
      await using proxy = await openProxy();
      await using outgoing = await makeSandbox(opened().driver, { egress: proxy.path });
      const { out } = await run(outgoing, fetch!("http://example.test/page"));
      expect(out).toBe("by the proxy: http://example.test/page");
      const { out: direct } = await runShell(outgoing, "tail -n +3 /proc/net/dev | cut -d: -f1");
      expect(direct).not.toMatch(/eth|ens|enp|wlan/);
    });
}
