import { SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, EmbedArgs } from "@aiosjs/sdk/protocol";
import type { Clock, Core, DriverEvent, ModelSpec } from "../../../kernel/ports.ts";
import { simDefaults } from "./parameters.ts";
import type { SimParameters } from "./parameters.ts";
import type { SimSnapshot } from "./snapshot.ts";
import { createSimulation, SimFault } from "./simulation.ts";

export interface SimCoreOptions extends Partial<SimParameters> {
  readonly clock: Clock;
  readonly name?: string;
  readonly endpoint?: number;
  /** Texts that may go as one request. Default: each call's alone. */
  readonly batching?: Core["batching"];
}

/** A simulated core: `Core`, and where its slots stand. */
export interface SimCore extends Core {
  /** Calls that reached it so far. */
  readonly arrived: number;
  readonly running: number;
  readonly waiting: number;
  /** Snapshots that nobody has resumed or discarded. */
  readonly snapshots: number;
}

/**
 * A core without a model: it takes the time, keeps the limits and has the faults of a real one, and its answers are a pure
 * function of prompt and seed. On a virtual clock it is a discrete-event simulation, on the real one a stand-in.
 */
export function createSimCore({ clock, name = "sim", endpoint = 0, batching, ...given }: SimCoreOptions): SimCore {
  const parameters: SimParameters = { ...simDefaults, ...given };
  const simulation = createSimulation(name, clock, parameters);
  // Whatever a simulated model is called, it can be asked for both.
  const models = parameters.models.map((model): ModelSpec => ({ serves: ["llm.chat", "llm.embed"], ...model }));
  return {
    name,
    endpoint,
    device: "llm",
    kind: "sim",
    isSimulated: true,
    isOpenEnded: false,
    honoursMaxTokens: true,
    serves: ["llm.chat", "llm.embed"],
    dialects: [],
    resume: parameters.fixed === null ? parameters.resume : "none",
    batching,
    limits: parameters.areLimitsDeclared ? { concurrency: parameters.slots, ...parameters.limits } : {},
    models: () => models,
    execute: (syscall, args, { pid, model, signal, snapshot, quantumTokens, preempt }) => {
      const resume = { snapshot: snapshot as SimSnapshot | undefined, quantumTokens, preempt };
      const caller = { agent: pid, model, signal, ...(parameters.resume === "kv" ? resume : {}) };
      if (syscall === "llm.chat") return inWords(simulation.answer(args as ChatArgs, caller), signal);
      if (syscall === "llm.embed") return inWords(simulation.embed(args as EmbedArgs, caller), signal);
      throw new SysError("ENOSYS", `core ${name} does not serve ${syscall}`, {
        hint: "a model core serves llm.chat and llm.embed",
      });
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
    get snapshots() {
      return simulation.snapshots;
    },
  };

  /** The upstream's faults as the errors that tell the kernel what to do. */
  async function* inWords(
    answer: AsyncGenerator<readonly DriverEvent[]>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly DriverEvent[]> {
    try {
      yield* answer;
    } catch (cause) {
      if (signal.aborted) throw new SysError("ECANCELED", `the call to core ${name} was cancelled`, { cause });
      if (!(cause instanceof SimFault)) throw cause;
      const { is, status, retryAfterMs, message } = cause;
      const isRefusal = is === "refused" || status === 503;
      const said = status >= 400 ? ` answered ${status}` : "";
      throw new SysError(isRefusal ? "EAGAIN" : "EIO", `core ${name}${said}: ${message}`, { cause, retryAfterMs });
    }
  }
}
