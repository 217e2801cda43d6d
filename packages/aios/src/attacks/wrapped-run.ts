import { spawn } from "node:child_process";
import type { StdioOptions } from "node:child_process";
import { once } from "node:events";
import type { Sandbox, WrappedCommand } from "../kernel/ports.ts";
import type { Program, Ran, Words } from "./attack.ts";
import { argvOf, environmentOf } from "./processes.ts";

/** As a program is run whose starter keeps it: `aios run --sandbox`, and whatever speaks to its parent over handles. */
export async function runWrapped(
  wrap: NonNullable<Sandbox["wrap"]>,
  { program, words, wallMs }: { readonly program: Program; readonly words: Words; readonly wallMs: number },
): Promise<Ran> {
  using wrapped = wrap({ argv: argvOf(program), environment: environmentOf(words) });
  const child = spawn(wrapped.file, wrapped.args, {
    detached: true,
    env: wrapped.environment,
    stdio: withHandles(wrapped.handles),
    ...(wrapped.uid === undefined ? {} : { uid: wrapped.uid }),
    ...(wrapped.gid === undefined ? {} : { gid: wrapped.gid }),
  });
  const pieces: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (piece: Buffer) => void pieces.push(piece));
  let exceeded: "wallMs" | undefined;
  const timer = setTimeout(() => {
    exceeded = "wallMs";
    child.kill("SIGKILL");
  }, wallMs);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    const output = Buffer.concat(pieces).toString("latin1");
    return { output, code, exceeded, droppedBytes: 0, isMissing: code === 127 && output.includes("not found") };
  } finally {
    clearTimeout(timer);
  }
}

function withHandles(handles: WrappedCommand["handles"]): StdioOptions {
  const all: ("ignore" | "pipe" | number)[] = ["ignore", "pipe", "pipe"];
  for (const { at, handle } of handles) {
    while (all.length < at) all.push("ignore");
    all[at] = handle;
  }
  return all;
}
