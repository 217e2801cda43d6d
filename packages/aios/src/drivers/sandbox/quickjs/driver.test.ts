import { setTimeout as sleep } from "node:timers/promises";
import { isSysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Sandbox, SandboxCommand, SandboxDriver, SandboxEvent } from "../../../kernel/ports.ts";
import { sandboxConformance } from "../../../../test/conformance/sandbox.ts";
import { createQuickJsDriver } from "./driver.ts";

const js = (code: string, ...args: readonly string[]): readonly string[] => ["js", "-e", code, ...args];

sandboxConformance(
  "quickjs",
  async () => {
    const opened = createQuickJsDriver({ folders: [import.meta.dirname] });
    return {
      driver: opened,
      [Symbol.asyncDispose]: async () => {
        for (const { id } of await opened.list()) await (await opened.attach(id))?.delete();
      },
    };
  },
  {
    programs: {
      print: (text) => js("write(args[0])", text),
      echo: () => js("write(stdin)"),
      flood: (size) =>
        js("for (let left = +args[0]; left > 0; left -= 1000) write('z'.repeat(Math.min(left, 1000)))", String(size)),
      fail: (code) => js("try { exit(+args[0]) } catch { for (;;); }", String(code)),
      spin: () => js("for (;;);"),
      write: (path, text) => js("files.write(args[0], args[1])", path, text),
      read: (path) => js("write(files.read(args[0]))", path),
      environment: () => js("for (const [name, value] of Object.entries(env)) print(name + '=' + value)"),
      folder: () => js("print(cwd)"),
    },
    posix: false,
    folders: false,
  },
);

const tenant = "home" as TenantId;
const mebibyte = 1024 * 1024;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

let driver: SandboxDriver;
let box: Sandbox;
beforeEach(async () => {
  driver = createQuickJsDriver({ folders: [import.meta.dirname] });
  box = await driver.create({ id: "box", tenant });
});
afterEach(async () => {
  for (const { id } of await driver.list()) await (await driver.attach(id))?.delete();
});

type Ran = Pick<Extract<SandboxEvent, { type: "ended" }>, "code" | "exceeded" | "droppedBytes" | "signal"> & {
  stdout: string;
  stderr: string;
};

async function run(
  argv: readonly string[] | string,
  { signal = new AbortController().signal, ...rest }: Partial<SandboxCommand> = {},
): Promise<Ran> {
  const said = { stdout: "", stderr: "" };
  for await (const event of box.exec({ argv: typeof argv === "string" ? ["js", "-e", argv] : argv, signal, ...rest })) {
    if (event.type === "output") said[event.stream] += new TextDecoder().decode(event.bytes);
    else return { ...said, ...event };
  }
  throw new Error("it has no end");
}

const codeOf = async (failing: Promise<unknown>): Promise<string> => {
  const fault: unknown = await failing.then(() => undefined).catch((cause: unknown) => cause);
  return isSysError(fault) ? fault.code : `no fault but ${String(fault)}`;
};

describe("code in a wasm sandbox", { timeout: 60_000 }, () => {
  test("computes, prints, and ends with 0", async () => {
    const ran = await run(`print(6 * 7, [1, {a: "b"}], "二"); console.error("aside")`);
    expect(ran).toMatchObject({ code: 0, signal: null, stdout: '42 [1,{"a":"b"}] 二\n', stderr: "aside\n" });
    expect(ran.droppedBytes).toBe(0);
  });

  test("that throws ends with 1 and says what and where", async () => {
    const ran = await run(`function broken() { throw new TypeError("no such thing") }\nbroken()`);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/^TypeError: no such thing\n.*broken/s);
    expect((await run("let = ;")).stderr).toContain("SyntaxError");
  });

  test("may wait for promises of its own, and ends as the last of them does", async () => {
    expect(await run(`(async () => { await null; print("later") })()`)).toMatchObject({ code: 0, stdout: "later\n" });
    const ran = await run(`(async () => { await null; throw new Error("late") })()`);
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining("Error: late") });
  });

  test("is given its arguments, its input and its environment, and none of the kernel's", async () => {
    process.env["AIOS_TEST_SECRET"] = "hunter2";
    const ran = await run(["js", "-e", "print(args, stdin, env)", "one", "two"], {
      input: "typed",
      environment: { LEVEL: "3" },
    });
    delete process.env["AIOS_TEST_SECRET"];
    expect(ran.stdout).toBe('["one","two"] typed {"PATH":"/bin","HOME":"/home/agent","LANG":"C.UTF-8","LEVEL":"3"}\n');
  });

  test("reads and writes the files of its home folder, and no others", async () => {
    await box.upload("data/in.txt", bytes("seven"));
    await box.upload(
      "main.js",
      bytes(`files.write("out.txt", files.read("data/in.txt").toUpperCase()); print(files.list())`),
    );
    expect((await run(["js", "main.js"])).stdout).toBe('["data/in.txt","main.js","out.txt"]\n');
    expect(new TextDecoder().decode(await box.download("out.txt", { maxBytes: 100 }))).toBe("SEVEN");
    await run(`files.remove("/home/agent/data/in.txt")`);
    expect(await codeOf(box.download("data/in.txt", { maxBytes: 100 }))).toBe("ENOENT");
    for (const path of ["/etc/passwd", "../../etc/passwd", "data/../../x", "", "."])
      expect((await run(`files.read(${JSON.stringify(path)})`)).stderr).toContain("EINVAL");
    expect((await run(`files.read("absent")`)).stderr).toContain("ENOENT");
  });

  test("of an unknown program, file or shape is refused before anything runs", async () => {
    expect(await codeOf(run(["bash", "-c", "id"]))).toBe("ENOENT");
    expect(await codeOf(run(["js", "absent.js"]))).toBe("ENOENT");
    expect(await codeOf(run(["js"]))).toBe("EINVAL");
    expect(await codeOf(run(["js", "-e"]))).toBe("EINVAL");
  });
});

// Other tests may take the processor meanwhile.
describe("code that means harm", { timeout: 60_000 }, () => {
  const wall = { limits: { wallMs: 500 } };

  test.each([
    ["a loop without end", "for (;;);"],
    ["a promise that resolves itself for ever", "(function again() { Promise.resolve().then(again) })()"],
    ["a pattern that backtracks for ever", `/^(a+)+$/.test("a".repeat(60) + "b")`],
    ["a loop that catches whatever is thrown at it", "for (;;) { try { for (;;); } catch {} }"],
    ["a loop that prints for ever", `for (;;) print("y".repeat(1000))`],
    ["a sort that never ends", "[1, 2, 3].sort(() => { for (;;); })"],
  ])("%s is killed when its time is up, and the kernel's thread is not held", async (_, code) => {
    let turns = 0;
    const ticking = new AbortController();
    const ticks = (async () => {
      for (; !ticking.signal.aborted; turns++) await sleep(1);
    })();
    const ran = await run(code, wall);
    ticking.abort();
    await ticks;
    expect(ran).toMatchObject({ code: null, signal: "SIGKILL", exceeded: "wallMs" });
    expect(turns).toBeGreaterThan(20);
  });

  test("a string or an array beyond its memory is refused, and the end says so", async () => {
    expect(await run(`"x".repeat(2 ** 28)`)).toMatchObject({ code: null, exceeded: "memoryBytes" });
    expect(await run(`const all = []; for (;;) all.push(new Uint8Array(${mebibyte}))`)).toMatchObject({
      code: null,
      exceeded: "memoryBytes",
    });
    expect(await run(`try { new ArrayBuffer(2 ** 30) } catch { print("refused") }`)).toMatchObject({ code: 0 });
  });

  test("recursion without end fails as code does, not as a crash", async () => {
    expect((await run("(function deeper() { return deeper() + 1 })()")).stderr).toContain("stack overflow");
    expect((await run(`JSON.parse("[".repeat(1e5))`)).stderr).toContain("stack overflow");
    const nested = await run(`const a = []; a[0] = new Proxy(a, {}); new RegExp("(".repeat(1e5)); String(a)`);
    expect(nested.code === 1 || nested.signal === "SIGSEGV").toBe(true);
    expect((await run("print(1)")).stdout).toBe("1\n");
  });

  test("what it prints beyond its bound is dropped and counted", async () => {
    const ran = await run(`for (let at = 0; at < 100; at++) print("z".repeat(999))`, { limits: { outputBytes: 2500 } });
    expect(ran.stdout.length).toBe(2500);
    expect(ran.droppedBytes).toBe(100_000 - 2500);
    expect(ran.code).toBe(0);
  });

  test("files beyond the home folder's bounds are refused", async () => {
    const ran = await run(`files.write("big", "x".repeat(17 * 1024 * 1024))`);
    expect(ran.stderr).toContain("E2BIG");
    const many = await run(`for (let at = 0; ; at++) files.write("f" + at, "x".repeat(1024 * 1024))`);
    expect(many.stderr).toContain("ENOSPC");
    expect(await codeOf(box.upload("big", new Uint8Array(17 * mebibyte)))).toBe("E2BIG");
  });

  test("no way leads from what it is given to the host", async () => {
    const ran = await run(`
      const tried = [];
      const attempt = (name, act) => { try { tried.push([name, String(act())]) } catch (error) { tried.push([name, error.name]) } };
      const reach = (from) => from.constructor.constructor("return typeof process + typeof require + typeof globalThis.Deno")();
      attempt("globals", () => [typeof process, typeof require, typeof fetch, typeof WebAssembly, typeof std, typeof os]);
      attempt("print", () => reach(print));
      attempt("files.read", () => reach(files.read));
      try { files.read("absent") } catch (error) { attempt("a host's error", () => reach(error)) }
      attempt("function", () => Function("return this.process === undefined")());
      attempt("caller", () => (function inner() { return inner.caller })());
      Object.prototype.toString = () => "spoilt"; Array.prototype.map = () => ["spoilt"]; JSON.stringify = () => "spoilt";
      Object.defineProperty(Object.prototype, "code", { get() { return 7 } });
      attempt("import", () => { import("node:fs"); return "asked" });
      for (const [name, said] of tried) print(name + ": " + said);
    `);
    expect(ran.stdout.split("\n")).toEqual([
      "globals: undefined,undefined,undefined,undefined,undefined,undefined",
      "print: undefinedundefinedundefined",
      "files.read: undefinedundefinedundefined",
      "a host's error: undefinedundefinedundefined",
      "function: true",
      expect.stringMatching(/^caller: (TypeError|undefined|null)$/),
      "import: asked",
      "",
    ]);
    expect(Object.prototype).not.toHaveProperty("code");
  });

  test("one command leaves nothing behind for the next but files", async () => {
    await run(`globalThis.left = 1; Object.prototype.left = 1; files.write("kept", "")`);
    expect((await run("print(typeof left, ({}).left, files.list())")).stdout).toBe('undefined undefined ["kept"]\n');
  });
});

describe("a wasm sandbox", { timeout: 60_000 }, () => {
  test("that is deleted twice takes no other with it that has its id by now", async () => {
    await box.delete();
    const other = await driver.create({ id: "box", tenant });
    await box.delete();
    expect(await driver.attach("box")).toBe(other);
  });

  test("ends a command whose signal is aborted, or which nobody reads any more", async () => {
    const aborting = new AbortController();
    const cancelled = run(`print("on"); for (;;);`, { signal: aborting.signal });
    aborting.abort(new Error("enough"));
    expect(await codeOf(cancelled)).toBe("ECANCELED");
    for await (const event of box.exec({
      argv: ["js", "-e", `print("on"); for (;;);`],
      signal: new AbortController().signal,
    }))
      if (event.type === "output") break;
    expect((await box.stats()).processes).toBe(0);
    expect(await codeOf(run("1", { signal: AbortSignal.abort() }))).toBe("ECANCELED");
  });

  test("takes, goes back to, and lists what it is asked to", async () => {
    await box.upload("a", bytes("first"));
    const snapshot = await box.snapshot();
    await box.upload("a", bytes("second"));
    const forked = await box.fork?.("other");
    await box.revert(snapshot);
    const read = async (from: Sandbox | undefined): Promise<string> =>
      new TextDecoder().decode(await from?.download("a", { maxBytes: 10 }));
    expect([await read(box), await read(forked)]).toEqual(["first", "second"]);
    expect((await driver.list()).map(({ id }) => id)).toEqual(["box", "other"]);
    expect(await driver.attach("box")).toBe(box);
    expect(await codeOf(box.revert("unknown"))).toBe("ENOENT");
    expect(await codeOf(box.download("a", { maxBytes: 4 }))).toBe("E2BIG");
  });

  test("may be given more time than a timer can wait", async () => {
    const long = await driver.create({ id: "long", tenant, limits: { wallMs: 2 ** 40 } });
    let last: SandboxEvent | undefined;
    for await (const event of long.exec({ argv: ["js", "-e", "1"], signal: new AbortController().signal }))
      last = event;
    expect(last).toMatchObject({ type: "ended", code: 0 });
  });

  test("tells what runs in it, kills it when stopped, and keeps no snapshot of what changes", async () => {
    const running = run(`const held = new Uint8Array(${32 * mebibyte}); print("on"); for (;;);`);
    let stats = await box.stats();
    for (; stats.memoryBytes < 32 * mebibyte; stats = await box.stats()) await sleep(5);
    expect(stats.processes).toBe(1);
    expect(await codeOf(box.snapshot())).toBe("EBUSY");
    await box.stop();
    expect(await running).toMatchObject({ code: null, signal: "SIGKILL" });
    expect(await box.stats()).toEqual({ processes: 0, memoryBytes: 0, diskBytes: 0 });
  });

  test("is gone once it is deleted, twice as well as once", async () => {
    const running = run("for (;;);");
    await box.delete();
    expect((await running).code).toBeNull();
    await box.delete();
    expect(await codeOf(run("1"))).toBe("ESTALE");
    expect(await codeOf(box.upload("a", bytes("")))).toBe("ESTALE");
    expect(await driver.list()).toEqual([]);
  });

  test("is refused what it cannot have, an id of another shape, and an id that is taken", async () => {
    for (const more of [{ workspace: "/tmp" }, { views: [{ from: "/tmp", at: "/x" }] }, { egress: "/run/x.sock" }])
      expect(await codeOf(driver.create({ id: "more", tenant, ...more }))).toBe("EINVAL");
    expect(await codeOf(driver.create({ id: "../x", tenant }))).toBe("EINVAL");
    expect(await codeOf(driver.create({ id: "box", tenant }))).toBe("EEXIST");
  });

  test("without its package is missing with the command that brings it, and is never made", async () => {
    const without = createQuickJsDriver({ folders: ["/nowhere"] });
    expect(await without.probe()).toMatchObject({ is: "missing", fix: "npm install quickjs-emscripten" });
    expect(await codeOf(without.create({ id: "x", tenant }))).toBe("ENOSYS");
    expect(await driver.probe()).toEqual({ is: "available", version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });
});
