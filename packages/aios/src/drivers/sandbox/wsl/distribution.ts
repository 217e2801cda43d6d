import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { win32 } from "node:path";
import { text } from "node:stream/consumers";
import { SysError } from "@aiosjs/sdk/protocol";

export interface WslProgram {
  /** Full path of wsl.exe. */
  readonly file: string;
  /** What wsl.exe itself goes by; nothing of it gets into the distribution. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** As Windows has it, by its full path; it takes these of its user's variables to start. */
export const systemWsl = (env: Readonly<Record<string, string | undefined>>): WslProgram => ({
  file: win32.join(env["SystemRoot"] ?? "C:\\Windows", "System32", "wsl.exe"),
  environment: Object.fromEntries(
    ["SystemRoot", "windir", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "TEMP"].map((name) => [name, env[name]]),
  ),
});

/**
 * The one command line with which a shell is started: how wsl.exe takes quotes, backslashes and percent signs apart is
 * written nowhere, so it gets none. What is to be done is the first line of the shell's input; without a separator the
 * unquoted variable stays one word.
 */
const shell = ["--exec", "/bin/sh", "-c", "read -r s;IFS=;set -f;eval $s"];
const beginning = `unset IFS; set +f; cd /; n=$(printf '\\nx'); n=\${n%x}`;

/** A line of sh has no line breaks: what stands in the variable is put in for them. */
export const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`).replaceAll("\n", `'"$n"'`)}'`;
export const words = (argv: readonly string[]): string => argv.map(quoted).join(" ");

/** A distribution of WSL 2: a Linux of its own, in a virtual machine. */
export class Distribution {
  readonly name: string;
  readonly #program: WslProgram;

  constructor(program: WslProgram, name: string) {
    this.#program = program;
    this.name = name;
  }

  /** `line`: of sh, without line breaks. What is written to the child's input afterwards is the line's own. */
  start(line: string): ChildProcessWithoutNullStreams {
    const child = startWsl(this.#program, ["-d", this.name, ...shell]);
    child.stdin.write(`${beginning}; ${line}\n`);
    return child;
  }

  /** What it printed. @throws SysError EIO it failed, with what it said. */
  async run(line: string, input: string | Uint8Array = ""): Promise<string> {
    const child = this.start(line);
    child.stdin.on("error", () => undefined).end(input);
    const { code, out, errors } = await finished(child);
    if (code === 0) return out;
    throw new SysError("EIO", `WSL failed: ${errors.trim().split("\n").at(-1) ?? ""}`, {
      hint: "aios doctor --sandbox",
    });
  }

  /** Path there of a path here; what begins with a slash is one of there already. */
  async pathOf(path: string): Promise<string> {
    return path.startsWith("/") ? path : (await this.run(`wslpath -u -a ${quoted(path)}`)).replace(/\n$/, "");
  }
}

/** What wsl.exe itself says: UTF-8 where it knows `WSL_UTF8` (since 0.64), UTF-16 before, without a mark of which. */
export const spoken = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString(bytes.includes(0) ? "utf16le" : "utf8")
    .replaceAll("\r", "");

/** @throws SysError EIO, with `cause` from the start. */
export async function askWsl(
  program: WslProgram,
  args: readonly string[],
): Promise<{ code: number | null; out: string }> {
  const child = startWsl(program, args);
  child.stdin.end();
  const pieces: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece: Buffer) => pieces.push(piece));
  const [code] = (await once(child, "close").catch(failed)) as [number | null];
  return { code, out: spoken(Buffer.concat(pieces)) };
}

function startWsl({ file, environment }: WslProgram, args: readonly string[]): ChildProcessWithoutNullStreams {
  const { SystemRoot } = environment;
  return spawn(file, args, {
    cwd: SystemRoot ?? "/",
    env: { ...environment, WSL_UTF8: "1" },
    windowsHide: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
}

async function finished(
  child: ChildProcessWithoutNullStreams,
): Promise<{ readonly code: number | null; readonly out: string; readonly errors: string }> {
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, "close").catch(failed)) as [number | null];
  const [out, errors] = await said;
  return { code, out, errors };
}

const failed = (cause: unknown): never => {
  throw new SysError("EIO", "wsl.exe cannot be started", { cause, hint: "wsl --install" });
};
