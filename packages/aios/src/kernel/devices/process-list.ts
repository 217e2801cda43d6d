import { SysError } from "@aiosjs/sdk/protocol";
import type { ParsedArgsOf, ProcessView } from "@aiosjs/sdk/protocol";
import type { Parts } from "../parts.ts";
import type { Process } from "../process.ts";
import type { KernelDevice } from "./device.ts";
import { matcherOf } from "./pattern.ts";

export const processListDevice: KernelDevice<"proc.list"> = {
  "proc.list": (args, { parts, principal }) => {
    const isWanted = filterOf(args);
    const after = args.after === undefined ? undefined : placeOf(args.after);
    const first: Process[] = [];
    let total = 0;
    for (const process of parts.processes) {
      if (process.kind === "kernel" || !isWanted(process) || !parts.processes.isVisible(process, principal)) continue;
      total++;
      if (after === undefined || byStart(process, after) > 0) keepFirst(first, process, args.limit + 1);
    }
    const page = first.slice(0, args.limit);
    const last = page.at(-1);
    return {
      processes: page.map((process) => viewOfProcess(process, parts)),
      total,
      next: last && page.length < first.length ? `${last.startedAtMs}:${last.pid}` : null,
    };
  },
};

/** A process as people see it. */
export const viewOfProcess = (process: Process, { lanes }: Parts): ProcessView =>
  process.view((model) => {
    const core = lanes.cores.find(({ name }) => model.startsWith(`${name}/`));
    return core?.models().find(({ id }) => model === `${core.name}/${id}`)?.contextTokens;
  });

type Place = Pick<Process, "startedAtMs" | "pid">;

const byStart = (left: Place, right: Place): number =>
  left.startedAtMs - right.startedAtMs || (left.pid < right.pid ? -1 : left.pid > right.pid ? 1 : 0);

/** Adds to what is in order, of which `most` are kept. The table is nearly in this order: few go anywhere but to the end. */
function keepFirst(first: Process[], process: Process, most: number): void {
  let place = first.length;
  while (place > 0 && byStart(first[place - 1] as Process, process) > 0) place--;
  if (place === most) return;
  first.splice(place, 0, process);
  if (first.length > most) first.pop();
}

function placeOf(after: string): Place {
  const [startedAt = "", pid = ""] = after.split(":");
  const startedAtMs = Number(startedAt);
  if (startedAt !== "" && pid !== "" && Number.isFinite(startedAtMs)) return { startedAtMs, pid: pid as Place["pid"] };
  throw new SysError("EINVAL", `after is ${JSON.stringify(after)}`, {
    hint: "it takes what `next` said of the page before",
  });
}

function filterOf(args: ParsedArgsOf<"proc.list">): (process: Process) => boolean {
  const { all, states, kinds, names, match } = args;
  const isNamed = matcherOf(names);
  const pids = args.pids && new Set<string>(args.pids);
  return (process) =>
    (states ? states.includes(process.state) : all || !process.exit) &&
    (!kinds || kinds.includes(process.kind)) &&
    (!pids || pids.has(process.pid)) &&
    isNamed(process.name) &&
    (match === undefined || process.name === match || process.pid.startsWith(match));
}
