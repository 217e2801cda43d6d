import { fromProblem, SysError } from "./errors.ts";
import type { SysEvent } from "./events.ts";
import { syscallTable } from "./syscalls/table.ts";
import type { ArgsOf, ResultOf, SyscallName } from "./syscalls/table.ts";
import type { SyscallOptions, Transport } from "./transport.ts";
import type { Timing, Usage } from "./usage.ts";

export interface Outcome<Result> {
  result: Result;
  usage: Usage;
  timing: Timing;
}

/**
 * A syscall under way. Await it for the result, or iterate it for the events; not both.
 * @throws SysError when the call failed (awaited) — while iterating, the failure is the last event.
 */
export interface Call<Result> extends PromiseLike<Result>, AsyncIterable<SysEvent> {
  /** The result with what it cost and how long it took. */
  outcome(): Promise<Outcome<Result>>;
}

type DeviceOf<Name extends SyscallName> = Name extends `${infer Device}.${string}` ? Device : never;
type VerbOf<Name extends SyscallName, Device extends string> = Name extends `${Device}.${infer Verb}` ? Verb : never;
type Method<Name extends SyscallName> =
  Record<never, never> extends ArgsOf<Name>
    ? (args?: ArgsOf<Name>, options?: SyscallOptions) => Call<ResultOf<Name>>
    : (args: ArgsOf<Name>, options?: SyscallOptions) => Call<ResultOf<Name>>;

type Devices = {
  readonly [Device in DeviceOf<SyscallName>]: {
    readonly [Verb in VerbOf<SyscallName, Device>]: Method<`${Device}.${Verb}` & SyscallName>;
  };
};

/** One method per row of the table: `client.llm.chat({…})`. */
export type Client = Devices & {
  /** A syscall by name, for callers that have it as text. */
  call<Name extends SyscallName>(name: Name, args: ArgsOf<Name>, options?: SyscallOptions): Call<ResultOf<Name>>;
  /**
   * The same client for one of several concurrent flows of a program: after a restart each flow gets the answers that it had,
   * whatever order the flows come in. The same name is the same flow.
   */
  lane(name: string): Client;
  /** The way that its calls go: for an agent that shall make its calls in this flow. */
  readonly transport: Transport;
};

export function createClient(transport: Transport): Client {
  const devices: Record<string, Record<string, unknown>> = {};
  const call = (name: string, args: unknown, options?: SyscallOptions) =>
    openCall(transport.syscall(name, args, options), name);
  for (const name of Object.keys(syscallTable)) {
    const [device, verb] = name.split(".") as [string, string];
    devices[device] ??= {};
    devices[device][verb] = (args: unknown = {}, options?: SyscallOptions) => call(name, args, options);
  }
  const client = { ...devices, call, transport } as unknown as Client;
  const lane = (name: string): Client => (transport.lane ? createClient(transport.lane(name)) : client);
  return Object.assign(client, { lane });
}

function openCall(batches: AsyncIterable<readonly SysEvent[]>, name: string): Call<unknown> {
  const outcome = async (): Promise<Outcome<unknown>> => {
    for await (const batch of batches) {
      for (const event of batch) {
        if (event.type === "syscall.completed") return event;
        if (event.type === "syscall.failed") throw fromProblem(event.error);
      }
    }
    throw new SysError("EIO", `${name} ended without a result`);
  };
  return {
    outcome,
    // A call is awaited like a promise: that is what this member is for.
    // oxlint-disable-next-line unicorn/no-thenable
    then: (resolve, reject) =>
      outcome()
        .then(({ result }) => result)
        .then(resolve, reject),
    async *[Symbol.asyncIterator]() {
      for await (const batch of batches) yield* batch;
    },
  };
}
