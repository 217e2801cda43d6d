// A kernel in front of a simulated core that goes on exactly where a call stopped.
import type { SyscallOptions } from "@aiosjs/sdk";
import type { SysEvent } from "@aiosjs/sdk/protocol";
import { createSimCore } from "../src/drivers/llm/sim/core.ts";
import type { SimCore } from "../src/drivers/llm/sim/core.ts";
import type { SimParameters } from "../src/drivers/llm/sim/parameters.ts";
import { openRig } from "./rig.ts";
import type { RigOptions } from "./rig.ts";

/** A core that goes on exactly where it stopped: 10 ms per token, answers of 100 tokens. */
export const machine = {
  slots: 1,
  iterationMs: 10,
  perSequenceMs: 0,
  prefillUsPerToken: 0,
  ttftMs: 0,
  outputTokens: 100,
  outputSigma: 0,
  swapUsPerToken: 0,
  resume: "kv",
} satisfies Partial<SimParameters>;

export async function openPreemptionRig(parameters: Partial<SimParameters> = {}, options: Partial<RigOptions> = {}) {
  let core: SimCore | undefined;
  const rig = await openRig({
    ...options,
    cores: (clock) => [(core = createSimCore({ clock, ...machine, ...parameters }))],
  });
  const chat = (
    session: string,
    text: string,
    { stream = false, ...quality }: SyscallOptions & { stream?: boolean } = {},
  ) => {
    const { client } = rig.client(session);
    const abort = new AbortController();
    const options = { ...quality, signal: abort.signal };
    const call = client.llm.chat({ messages: [{ role: "user", content: text }], stream, maxTokens: 400 }, options);
    const read = async () => {
      const events: SysEvent[] = [];
      for await (const event of call) events.push(event);
      return { events, atMs: rig.clock.nowMs() };
    };
    return { cancel: () => abort.abort(), ended: read() };
  };
  return { ...rig, chat, core: () => core as SimCore };
}

export const textOf = (events: readonly SysEvent[]) =>
  events.map((event) => (event.type === "text.delta" ? event.text : "")).join("");
export const resultOf = (events: readonly SysEvent[]) => events.find((event) => event.type === "syscall.completed");
export const countOf = (events: readonly SysEvent[], type: SysEvent["type"]) =>
  events.filter((one) => one.type === type).length;
