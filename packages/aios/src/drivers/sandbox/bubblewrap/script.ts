import { SysError } from "@aiosjs/sdk/protocol";
import type { SandboxCommand } from "../../../kernel/ports.ts";
import { cellHandles } from "./handles.ts";
import type { Bounds } from "./limits.ts";

/** Said when all is mounted, before the command is read. */
export const readyWord = ".";

const lineBreak = `n='
'`;

/**
 * For a sandbox that waits for its command: one line, so that nothing needs to be read ahead; where its kernel is gone,
 * there is none. Not among its arguments, which everybody on the machine can list. `first` runs before.
 */
export const waitingScript = (first = ":"): string => `${lineBreak}
${first}
printf %s ${readyWord} >&${cellHandles.command}
IFS= read -r s <&${cellHandles.command} || exit 125
eval "$s"`;

/** For a command that is told by its arguments, and its environment by its own under other names. */
export const immediateScript = (line: string, first = ":"): string => `${lineBreak}
${first}
${line}`;

/** Names that nothing goes by but the script: what is meant for the program shall not work on what starts it (LD_PRELOAD). */
export const carriedEnvironment = (environment: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.values(environment).map((value, index) => [carriedName(index), value]));

const carriedName = (index: number): string => `AIOS_INSIDE_${index}`;

/** A command that returns before the sandbox's own begins, and has none of its handles. Where it fails, nothing runs. */
export const preparing = (argv: readonly string[], hasChannel: boolean): string => {
  const handles = hasChannel ? `${cellHandles.status}>&- ${cellHandles.command}>&- ` : "";
  const tell = hasChannel ? `>&${cellHandles.command}` : ">&2";
  const fault = `{ printf %s ${quoted(`${argv[0]} failed`)} ${tell}; exit 126; }`;
  return `${argv.map(quoted).join(" ")} ${handles}</dev/null >/dev/null 2>&1 || ${fault}`;
};

/** What the program finds beside what it is given. */
export interface ScriptOptions {
  readonly bounds: Bounds;
  /** Whether the line comes by `cellHandles.command`, which then also says what is wrong; else standard error does. */
  readonly hasChannel: boolean;
}

/**
 * The command as a line for sh. Its bounds are set here, inside: outside, the number of processes is counted together
 * with all others of the same user. The environment comes last, since it may say what sh itself goes by.
 */
export function commandLine(
  { argv, environment = {}, folder }: Pick<SandboxCommand, "argv" | "environment" | "folder">,
  { bounds, hasChannel }: ScriptOptions,
): string {
  const program = checkedProgram({ argv, environment, folder });
  const set = Object.entries(environment).map(([name, value], index) =>
    hasChannel
      ? `export ${name}=${quoted(value)}`
      : `export ${name}="$${carriedName(index)}"; unset ${carriedName(index)}`,
  );
  const tell = hasChannel ? `>&${cellHandles.command}` : ">&2";
  const closed = hasChannel ? ` ${cellHandles.command}<&- ${cellHandles.status}>&-` : "";
  return [
    `fault() { printf %s "$1" ${tell}; exit 126; }`,
    ...limitLines(bounds),
    ...(folder === undefined ? [] : [`cd -- ${quoted(folder)} 2>/dev/null || fault folder`]),
    ...set.filter((one) => one.startsWith("export PATH=")),
    `p=${quoted(program)}`,
    `case $p in */*) [ -f "$p" ] && [ -x "$p" ] || fault program;; *) f=; IFS=:; for d in $PATH; do [ -f "$d/$p" ] && [ -x "$d/$p" ] && f=1 && break; done; unset IFS; [ "$f" ] || fault program;; esac`,
    ...set.filter((one) => !one.startsWith("export PATH=")),
    `exec ${argv.map(quoted).join(" ")}${closed}`,
  ].join("; ");
}

/** A bound that is tighter already stays; one that cannot be set otherwise ends the command. */
function limitLines({ memoryBytes, processes, openFiles, fileBytes }: Bounds): readonly string[] {
  const least = (flag: string, value: number): string =>
    `ulimit -${flag} ${value} 2>/dev/null || ulimit -${flag} "$(ulimit -H -${flag})" || fault limits`;
  return [
    "ulimit -c 0",
    // Of the data segment: V8 and Go reserve addresses by the gigabyte that they never use.
    least("d", Math.ceil(memoryBytes / 1024)),
    least("f", Math.floor(fileBytes / 512)),
    least("n", openFiles),
    // -p in dash; in bash that is something else and fails, and -u is the number of processes.
    `ulimit -p ${processes} 2>/dev/null || ulimit -u ${processes} 2>/dev/null || ulimit -u "$(ulimit -H -u)" || fault limits`,
  ];
}

/** @throws SysError EINVAL what no system can start. */
export function checkedProgram({
  argv,
  environment = {},
  folder = "",
}: Pick<SandboxCommand, "argv" | "environment" | "folder">): string {
  const [program] = argv;
  if (program === undefined || program === "") throw new SysError("EINVAL", "a command needs a program to run");
  for (const name of Object.keys(environment)) {
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new SysError("EINVAL", `${JSON.stringify(name)} cannot be the name of an environment variable`);
  }
  if ([...argv, ...Object.values(environment), folder].some((text) => text.includes("\0")))
    throw new SysError("EINVAL", "an argument or a variable cannot hold a zero byte");
  return program;
}

/** A line has no line breaks: sh puts them in where the variable stands. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`).replaceAll("\n", `'"$n"'`)}'`;
