import { isSysError } from "@aiosjs/sdk/protocol";
import type { ArgsOf, ResultOf } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import type { DriverContext } from "../../../kernel/ports.ts";
import { builtinTool } from "./builtin-tool.ts";
import type { BuiltinTool } from "./builtin-tool.ts";

/** What a model is shown at once; more would crowd out what it was asked. */
const outputBytes = 60_000;
const wallMs = 120_000;
/** The sandbox of a process in which its tools run: its folder is there for the next call. */
const name = "tools";

const returns = { trust: "untrusted" } as const;

/** What a model wrote, run in a sandbox of its process; each is a nested syscall of the same process. */
export const sandboxTools: readonly BuiltinTool[] = [
  builtinTool({
    name: "shell",
    description:
      "Run a bash command in a sandbox: a folder that is kept between calls. The network is closed unless a person opened it.",
    parameters: z.strictObject({ command: z.string().min(1) }),
    effect: "unsafe",
    access: { effect: "exec", gate: "L1", sandbox: "process", returns },
    isNamed: true,
    run: async ({ command }, context) => textOf(await inSandbox(["bash", "-c", command], context)),
  }),
  builtinTool({
    name: "code",
    description: "Run a program in the same sandbox as shell, and read what it prints.",
    parameters: z.strictObject({ language: z.enum(["bash", "python", "javascript"]), code: z.string().min(1) }),
    effect: "unsafe",
    access: { effect: "exec", gate: "L1", sandbox: "wasm", returns },
    isNamed: true,
    run: async ({ language, code }, context) => textOf(await runs[language](code, context)),
  }),
];

type Ran = ResultOf<"sandbox.exec">;

const runs = {
  bash: (code: string, context: DriverContext) => inSandbox(["bash", "-c", code], context),
  python: (code: string, context: DriverContext) => inSandbox(["python3", "-c", code], context),
  /** By Node where the sandbox has it; else by an interpreter that needs nothing of the machine, and has no files. */
  async javascript(code: string, context: DriverContext): Promise<Ran> {
    try {
      return await inSandbox(["node", "-e", code], context);
    } catch (cause) {
      if (!hasCode(cause, ["ENOENT", "ENOSYS"])) throw cause;
      try {
        return await exec({ argv: ["js", "-e", code], tier: "wasm" }, context);
      } catch (next) {
        throw hasCode(next, ["ENOSYS"]) ? cause : next;
      }
    }
  },
} as const;

const hasCode = (cause: unknown, codes: readonly string[]): boolean => isSysError(cause) && codes.includes(cause.code);

async function inSandbox(argv: string[], context: DriverContext): Promise<Ran> {
  const { sandbox } = (await context.syscall("sandbox.create", { name })) as ResultOf<"sandbox.create">;
  return exec({ argv, sandbox }, context);
}

const exec = async (what: ArgsOf<"sandbox.exec">, context: DriverContext): Promise<Ran> =>
  (await context.syscall("sandbox.exec", { wallMs, outputBytes, ...what })) as Ran;

/** As a terminal would show it, with what a terminal does not say. */
function textOf({ code, exceeded, stdout, stderr, droppedBytes }: Ran): string {
  const parts = [
    stdout,
    stderr === "" ? "" : `[stderr]\n${stderr}`,
    droppedBytes > 0
      ? `[${droppedBytes} more bytes were printed; write long output to a file, and read it in pieces]`
      : "",
    ends[exceeded ?? "none"](code),
  ];
  return (
    parts
      .filter((part) => part !== "")
      .map((part) => part.replace(/\n$/, ""))
      .join("\n") || "(no output)"
  );
}

const ends = {
  none: (code: number | null) => (code === 0 ? "" : code === null ? "[it was killed]" : `[exit code ${code}]`),
  wallMs: () => `[killed: it took longer than ${wallMs / 1_000} s]`,
  memoryBytes: () => "[killed: it took too much memory]",
} as const;
