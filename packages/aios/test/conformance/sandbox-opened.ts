import { asTenantId } from "@aiosjs/sdk/protocol";
import type { Sandbox, SandboxCommand, SandboxDriver, SandboxEvent, SandboxSpec } from "../../src/kernel/ports.ts";

export interface OpenedSandboxes extends AsyncDisposable {
  readonly driver: SandboxDriver;
  /** The driver object made anew over the same home, as the next kernel makes it. The earlier object is not used any more. */
  again?(): Promise<SandboxDriver>;
}

/** What a driver can beside what all can; what is left out is not tested. */
export interface SandboxAbilities {
  /** How its commands are said. */
  readonly programs: SandboxPrograms;
  /** It runs the machine's kind of commands: a POSIX shell, processes, signals, /proc. */
  readonly posix: boolean;
  /** `workspace`, `guarded` and `views` of a spec. */
  readonly folders: boolean;
  /** The command that prints what is at a URL, by the proxy that the environment names; undefined: `egress` is not supported. */
  readonly fetch?: ((url: string) => readonly string[]) | undefined;
  /** Longer where starting takes its time. Default 30,000 ms. */
  readonly timeoutMs?: number | undefined;
}

/** What the suite wants done inside, as the arguments of a command. */
export interface SandboxPrograms {
  print(text: string): readonly string[];
  /** Its input, unchanged. */
  echo(): readonly string[];
  /** That many bytes. */
  flood(bytes: number): readonly string[];
  fail(code: number): readonly string[];
  spin(): readonly string[];
  /** Relative to the home folder. */
  write(path: string, text: string): readonly string[];
  read(path: string): readonly string[];
  /** `NAME=value` lines. */
  environment(): readonly string[];
  /** The current folder. */
  folder(): readonly string[];
}

const shell = (script: string, ...args: readonly string[]): readonly string[] => ["sh", "-c", script, "sh", ...args];

export const posixPrograms: SandboxPrograms = {
  print: (text) => ["printf", "%s", text],
  echo: () => ["cat"],
  flood: (bytes) => ["head", "-c", String(bytes), "/dev/zero"],
  fail: (code) => shell(`exit ${code}`),
  spin: () => shell("while :; do :; done"),
  write: (path, text) => shell('printf "%s" "$2" > "$1"', path, text),
  read: (path) => ["cat", path],
  environment: () => ["env"],
  folder: () => ["pwd"],
};

export const ada = asTenantId("ada");
export const bob = asTenantId("bob");

let made = 0;
/** Ids that no other test uses, in this process or another. */
export const newId = (): string => `t${process.pid.toString(36)}${Date.now().toString(36)}${(made++).toString(36)}`;

export const makeSandbox = async (
  driver: SandboxDriver,
  spec: Partial<SandboxSpec> = {},
): Promise<Sandbox & AsyncDisposable> => {
  const sandbox = await driver.create({ id: newId(), tenant: ada, ...spec });
  return Object.assign(sandbox, { [Symbol.asyncDispose]: () => sandbox.delete() });
};

export interface Ran {
  readonly out: string;
  readonly errors: string;
  readonly bytes: number;
  readonly ended: Extract<SandboxEvent, { type: "ended" }>;
}

type RunOptions = Partial<Omit<SandboxCommand, "argv">> & {
  /** Called with all that standard output said so far. */
  readonly onOutput?: ((out: string) => void) | undefined;
};

/** Runs a command to its end. Its end is the last event, and there is exactly one. */
export async function run(sandbox: Sandbox, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { onOutput, ...rest } = options;
  const parts = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  let ended: Ran["ended"] | undefined;
  for await (const event of sandbox.exec({ argv, signal: new AbortController().signal, ...rest })) {
    if (ended) throw new Error(`${event.type} after the end`);
    if (event.type === "ended") ended = event;
    else {
      parts[event.stream].push(event.bytes);
      onOutput?.(Buffer.concat(parts.stdout).toString());
    }
  }
  if (!ended) throw new Error("a command without an end");
  const out = Buffer.concat(parts.stdout);
  const errors = Buffer.concat(parts.stderr);
  return { out: out.toString(), errors: errors.toString(), bytes: out.length + errors.length, ended };
}

export const runShell = (sandbox: Sandbox, script: string, options: RunOptions = {}): Promise<Ran> =>
  run(sandbox, shell(script), options);

export const ok = { type: "ended", code: 0, signal: null, droppedBytes: 0 } as const;
