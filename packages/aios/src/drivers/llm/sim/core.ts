import { SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs } from "@aiosjs/sdk/protocol";
import type { Clock, Core, DriverEvent } from "../../../kernel/ports.ts";
import { simDefaults } from "./parameters.ts";
import type { SimParameters } from "./parameters.ts";
import { createSimulation, SimFault } from "./simulation.ts";
import type { SimCaller, Simulation } from "./simulation.ts";

export interface SimCoreOptions extends Partial<SimParameters> {
  readonly clock: Clock;
  readonly name?: string;
  readonly endpoint?: number;
}

/** A simulated core: `Core`, and where its slots stand. */
export interface SimCore extends Core {
  /** Calls that reached it so far. */
  readonly arrived: number;
  readonly running: number;
  readonly waiting: number;
}

/**
 * A core without a model: it takes the time, keeps the limits and has the faults of a real one, and its answers are a pure
 * function of prompt and seed. On a virtual clock it is a discrete-event simulation, on the real one a stand-in.
 */
export function createSimCore({ clock, name = "sim", endpoint = 0, ...given }: SimCoreOptions): SimCore {
  const parameters: SimParameters = { ...simDefaults, ...given };
  const simulation = createSimulation(name, clock, parameters);
  return {
    name,
    endpoint,
    device: "llm",
    kind: "sim",
    isSimulated: true,
    isOpenEnded: false,
    honoursMaxTokens: true,
    serves: ["llm.chat"],
    dialects: [],
    resume: "none",
    limits: parameters.areLimitsDeclared ? { concurrency: parameters.slots, ...parameters.limits } : {},
    models: () => parameters.models,
    execute: (syscall, args, { pid, model, signal }) => {
      if (syscall !== "llm.chat") {
        throw new SysError("ENOSYS", `core ${name} does not serve ${syscall}`, {
          hint: "a model core serves llm.chat",
        });
      }
      return inWords(simulation, args as ChatArgs, { agent: pid, model, signal });
    },
    get arrived() {
      return simulation.arrived;
    },
    get running() {
      return simulation.running;
    },
    get waiting() {
      return simulation.waiting;
    },
  };

  /** The upstream's faults as the errors that tell the kernel what to do. */
  async function* inWords(from: Simulation, args: ChatArgs, caller: SimCaller): AsyncGenerator<readonly DriverEvent[]> {
    try {
      yield* from.answer(args, caller);
    } catch (cause) {
      if (caller.signal.aborted) throw new SysError("ECANCELED", `the call to core ${name} was cancelled`, { cause });
      if (!(cause instanceof SimFault)) throw cause;
      const { is, status, retryAfterMs, message } = cause;
      const isRefusal = is === "refused" || status === 503;
      const said = status >= 400 ? ` answered ${status}` : "";
      throw new SysError(isRefusal ? "EAGAIN" : "EIO", `core ${name}${said}: ${message}`, { cause, retryAfterMs });
    }
  }
}
