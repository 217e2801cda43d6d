import type { ChatResult, SysEvent } from "@aiosjs/sdk";
import type { KernelSettings, RouterSettings } from "../src/kernel/ports.ts";
import { openRig, testSettings } from "./rig.ts";
import type { RigOptions } from "./rig.ts";
import { createScriptedCore } from "./scripted-core.ts";
import type { ScriptedCoreOptions } from "./scripted-core.ts";

type Scripted = ReturnType<typeof createScriptedCore>;

/** A kernel with several scripted cores and these router settings. */
export async function openRoutingRig(
  specs: readonly Omit<ScriptedCoreOptions, "clock">[],
  router: Partial<RouterSettings> = {},
  options: Omit<RigOptions, "cores"> & { aliases?: KernelSettings["aliases"] } = {},
) {
  const cores = new Map<string, Scripted>();
  const rig = await openRig({
    ...options,
    settings: {
      ...options.settings,
      router: { ...testSettings.router, ...router },
      ...(options.aliases ? { aliases: options.aliases } : {}),
    },
    cores: (clock) =>
      specs.map((spec) => {
        const core = createScriptedCore({ clock, ...spec });
        cores.set(core.name, core);
        return core;
      }),
  });
  const ask = async (text: string, model = "auto") =>
    rig.client("one").client.llm.chat({ model, messages: [{ role: "user", content: text }] });
  /** The answer, and the call's id. */
  const askCall = async (text: string, model: string, client = rig.client("one").client) => {
    let call = "";
    for await (const event of client.llm.chat({ model, messages: [{ role: "user", content: text }] })) {
      if (event.type === "syscall.queued") ({ call } = event);
      if (event.type === "syscall.completed") return { call, result: event.result as ChatResult };
    }
    throw new Error("no answer");
  };
  return {
    ...rig,
    ask,
    askCall,
    /** All events of a call. */
    eventsOf: async (args: {
      model?: string;
      text?: string;
      maxTokens?: number;
      isJson?: boolean;
      stream?: boolean;
    }) => {
      const events: SysEvent[] = [];
      const { model = "auto", text = "q", isJson, ...rest } = args;
      const responseFormat = isJson ? { responseFormat: { type: "json" as const } } : {};
      const messages = [{ role: "user" as const, content: text }];
      const read = async (): Promise<void> => {
        for await (const event of rig.client("one").client.llm.chat({ model, messages, ...rest, ...responseFormat }))
          events.push(event);
      };
      await rig.clock.run(read());
      return events;
    },
    /** One after the other; the models that answered. */
    askAll: async (texts: readonly string[], model = "auto") => {
      const models: string[] = [];
      for (const text of texts) models.push((await rig.clock.run(ask(text, model))).model);
      return models;
    },
    served: (name: string) => cores.get(name)?.served.length ?? 0,
  };
}
