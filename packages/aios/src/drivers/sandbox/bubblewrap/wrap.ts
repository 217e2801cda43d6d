import { closeSync } from "node:fs";
import { coverInherited } from "./inherited.ts";
import type { Clock, SandboxCommand, WrappedCommand } from "../../../kernel/ports.ts";
import type { Guard } from "../home/guards.ts";
import type { Bounds } from "./limits.ts";
import type { Machine } from "./machine.ts";
import { firstInside, untilFull } from "./memory-watch.ts";
import { carriedEnvironment, commandLine, immediateScript } from "./script.ts";
import { environmentOf, firstLine, seatCommand } from "./seat.ts";
import type { Seat } from "./seat.ts";

/** What a program may take its time for, or go on after. */
const handedOn = "HUP,INT,QUIT,TERM";

interface WrapOptions {
  readonly command: Pick<SandboxCommand, "argv" | "environment" | "folder">;
  readonly bounds: Bounds;
  readonly guards: readonly Guard[];
  readonly firstHandle: number;
  readonly clock: Clock;
}

/**
 * For a starter that keeps the process. Its environment is carried in under other names, by the environment and not by
 * the arguments, which everybody on the machine can list. What the process group is told reaches the program, and not bubblewrap,
 * which would take everything with it.
 */
export function wrapCommand(
  machine: Machine,
  seat: Seat,
  { command, bounds, guards, firstHandle, clock }: WrapOptions,
): WrappedCommand {
  const line = commandLine(command, { bounds, hasChannel: false });
  const argv = ["env", `--default-signal=${handedOn}`, "/bin/sh", "-c", immediateScript(line, firstLine(seat, false))];
  const started = { guards, seccomp: firstHandle, hasSession: true, isFirst: false, argv };
  const { file, args, uid, gid } = seatCommand(machine, seat, started);
  const handle = machine.openFilter();
  const covered = coverInherited(firstHandle + 1);
  const opened = covered ? [handle, covered.empty] : [handle];
  return {
    file: "env",
    args: [`--ignore-signal=${handedOn}`, file, ...args],
    environment: { ...environmentOf(seat), ...carriedEnvironment(command.environment ?? {}) },
    handles: [{ at: firstHandle, handle }, ...(covered?.at ?? []).map((at) => ({ at, handle: covered!.empty }))],
    uid,
    gid,
    watch(hostPid, kill) {
      const done = new AbortController();
      const firstProcess = (): Promise<number | undefined> => firstInside(hostPid);
      untilFull({ clock, memoryBytes: bounds.memoryBytes, firstProcess, signal: done.signal }).then(
        kill,
        // It has ended, or what the system tells of it cannot be read: one process alone is bounded still.
        () => undefined,
      );
      return { [Symbol.dispose]: () => done.abort() };
    },
    [Symbol.dispose]() {
      for (const one of opened.splice(0)) closeSync(one);
    },
  };
}
