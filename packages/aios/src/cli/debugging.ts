import type { ArgsOf, Client, ResultOf } from "@aiosjs/sdk";

export type HeldCall = ResultOf<"proc.debug">["held"][number];
export type Wish = Omit<ArgsOf<"proc.release">, "call">;

/** Holds calls of a process for as long as it is open; it goes on asking, so that the kernel knows that somebody is there. */
export interface Debugging extends AsyncDisposable {
  /** The next call that is held; undefined when the process has ended. */
  next(): Promise<HeldCall | undefined>;
  release(call: HeldCall, wish?: Wish): Promise<void>;
}

/** `patterns` empty: every call is held. Aborting lets everything go on. */
export function openDebugging(
  client: Client,
  { pid, patterns, signal }: { pid: string; patterns: readonly string[]; signal: AbortSignal },
): Debugging {
  const leave = new AbortController();
  const until = AbortSignal.any([signal, leave.signal]);
  const told = new Set<string>();
  const calls: HeldCall[] = [];
  let wake = Promise.withResolvers<void>();
  let hasEnded = false;
  let id: string | undefined;
  const ask = async (): Promise<void> => {
    const first = patterns.length === 0 ? {} : { break: [...patterns] };
    while (!hasEnded) {
      const answer = await client.proc.debug(id === undefined ? { pid, waitMs: 0, ...first } : { pid, debugger: id }, {
        signal: until,
      });
      id = answer.debugger;
      hasEnded = answer.hasEnded;
      for (const one of answer.held) if (!told.has(one.call)) calls.push(one);
      for (const one of answer.held) told.add(one.call);
      wake.resolve();
      wake = Promise.withResolvers();
    }
  };
  const asking = ask();
  asking.catch(() => undefined); // told to whoever waits for the next call
  return {
    async next() {
      for (;;) {
        const call = calls.shift();
        if (call) return call;
        if (hasEnded || until.aborted) return undefined;
        await Promise.race([wake.promise, asking]);
      }
    },
    release: async ({ call }, wish = {}) => {
      await client.proc.release({ call, ...wish });
    },
    async [Symbol.asyncDispose]() {
      leave.abort();
      await asking.catch(() => undefined);
      if (id !== undefined && !hasEnded)
        await client.proc.debug({ pid, debugger: id, detach: true }).then(undefined, () => undefined);
    },
  };
}
