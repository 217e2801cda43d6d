import { createClient } from "../client.ts";
import type { Client } from "../client.ts";
import { transportFromEnvironment } from "../environment.ts";
import { SysError } from "../errors.ts";
import type { JsonSchema, StandardSchemaV1 } from "../schema.ts";
import type { ArgsOf } from "../syscalls/table.ts";
import type { Transport } from "../transport.ts";
import { messageText } from "./message-text.ts";
import { thinkAct } from "./think-act.ts";
import type { AgentEvent, AgentOptions, AgentResult } from "./think-act.ts";

export interface RunOptions {
  /** The way to the kernel. Default: what `aios run` put into the environment (`AIOS_URL`, `AIOS_KEY`). */
  readonly transport?: Transport;
  /** Ends the agent; its open calls fail with ECANCELED. */
  readonly signal?: AbortSignal;
}

/** A declared agent. It holds nothing: any number of runs may be under way. */
export interface Agent<Output = string> {
  readonly name: string;
  /** Runs to the end. @throws SysError as `thinkAct` says. */
  run(task: string, options?: RunOptions): Promise<AgentResult<Output>>;
  /** The same, event by event; leaving the loop early (`break`) ends the run. */
  stream(task: string, options?: RunOptions): AsyncGenerator<AgentEvent<Output>, void, undefined>;
}

/** A process as its own program sees it: every syscall, made as this process and ended with it. */
export type Proc = Client & {
  /** One question, one answer. */
  chat(text: string, options?: Omit<ArgsOf<"llm.chat">, "messages">): Promise<string>;
  readonly signal: AbortSignal;
};

/** An agent that is a function. */
export interface Program<Result> {
  run(task: string, options?: RunOptions): Promise<Result>;
}

/**
 * Makes an agent: declared (a model that works with tools until it has the answer), or a function that does as it likes.
 * @throws SysError EINVAL when the schema of `output` cannot be said in JSON Schema (at the first run).
 */
export function defineAgent<Output>(
  options: AgentOptions<Output> & { readonly output: StandardSchemaV1<unknown, Output> },
): Agent<Output>;
export function defineAgent(options: AgentOptions<unknown> & { readonly output: JsonSchema }): Agent<unknown>;
export function defineAgent(options: AgentOptions & { readonly output?: undefined }): Agent;
export function defineAgent<Result>(program: (proc: Proc, task: string) => Promise<Result>): Program<Result>;
export function defineAgent(
  definition: AgentOptions<unknown> | ((proc: Proc, task: string) => Promise<unknown>),
): Agent<unknown> | Program<unknown> {
  if (typeof definition === "function")
    return { run: async (task, options = {}) => definition(openProc(options), task) };
  const stream = (task: string, { transport = transportFromEnvironment(), signal }: RunOptions = {}) =>
    thinkAct(task, definition, { client: createClient(transport), signal });
  return {
    name: definition.name,
    stream,
    async run(task, options) {
      for await (const event of stream(task, options)) if (event.type === "agent.completed") return event.result;
      throw new SysError("EIO", `${definition.name} ended without a result`);
    },
  };
}

function openProc({ transport = transportFromEnvironment(), signal = new AbortController().signal }: RunOptions): Proc {
  const client = createClient(boundTo(transport, signal));
  const chat: Proc["chat"] = async (text, options = {}) => {
    const { message } = await client.llm.chat({ ...options, messages: [{ role: "user", content: text }] });
    return messageText(message);
  };
  return { ...client, chat, signal };
}

/** Every call ends with the signal, whatever signal of its own it has. */
function boundTo(transport: Transport, signal: AbortSignal): Transport {
  const bound: Transport = {
    syscall: (name, args, options = {}) =>
      transport.syscall(name, args, {
        ...options,
        signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal,
      }),
  };
  const lane = transport.lane?.bind(transport);
  return lane ? { ...bound, lane: (name) => boundTo(lane(name), signal) } : bound;
}
