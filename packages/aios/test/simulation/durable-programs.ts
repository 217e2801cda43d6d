import { createClient, inLanes } from "@aiosjs/sdk";
import type { Client, ManifestInput, Transport } from "@aiosjs/sdk";
import { isTerminal, SysError } from "@aiosjs/sdk/protocol";
import type { SysEvent } from "@aiosjs/sdk/protocol";
import { oneByOne } from "../../src/drivers/proc/one-by-one.ts";
import type { ProgramDriver } from "../../src/kernel/ports.ts";

/** What the world outside of the kernels saw: the truth that journals are held against. */
export interface World {
  /** How often each payment was made: an effect that must not be made twice. */
  readonly paid: Map<string, number>;
  /** What programs told the world, in order; the same note twice says the same. */
  readonly notes: Map<string, Set<string>>;
}

type Program = (proc: Client, task: string, pid: string) => Promise<unknown>;

const text = (message: { content: unknown }): string => String(message.content);
const chat = async (proc: Client, content: string): Promise<string> =>
  text((await proc.llm.chat({ messages: [{ role: "user", content }] })).message);
const tool = async (proc: Client, name: "pay" | "note", what: object): Promise<string> =>
  (await proc.tool.call({ name, arguments: { ...what } })).content;

const STEPS = 4;
const MESSAGES = 5;

const programs: Readonly<Record<string, Program>> = {
  /** Chance, models, an effect that must not be repeated, and values. */
  async payer(proc, task) {
    const receipts: string[] = [];
    for (let step = 0; step < STEPS; step++) {
      const { value } = await proc.proc.random();
      await tool(proc, "note", { about: `${task}.${step}`, is: value });
      await chat(proc, `${task} ${step}`);
      receipts.push(await tool(proc, "pay", { what: `${task}.${step}` }));
      await proc.value.put({ key: `${step}`, value });
    }
    return receipts;
  },

  /** Flows side by side: who was first stays first. */
  async racer(proc, task) {
    const winners: string[] = [];
    for (let heat = 0; heat < STEPS; heat++) {
      const flow = async (name: string): Promise<string> => {
        const lane = proc.lane(`${name}${heat}`);
        for (let step = 0; step < 2; step++) await chat(lane, `${task} ${heat} ${name} ${step}`);
        return name;
      };
      const flows = [flow("a"), flow("b"), flow("c")];
      const winner = await Promise.race(flows);
      winners.push(winner);
      await tool(proc, "note", { about: `${task}.${heat}`, is: winner });
      await Promise.all(flows);
    }
    return winners;
  },

  /** Its child sends; what arrives is counted. */
  async receiver(proc, task) {
    const { pid } = await proc.proc.spawn({ program: { kind: "agent", agent: agent("sender"), task } });
    const heard: unknown[] = [];
    while (heard.length < MESSAGES) heard.push((await proc.proc.receive()).body);
    const exit = await proc.proc.wait({ pid });
    return { heard, code: exit.code };
  },

  async sender(proc, _task, pid) {
    const { parent } = await proc.proc.show({ pid });
    for (let number = 0; number < MESSAGES; number++) {
      await proc.proc.sleep({ ms: 50 });
      await proc.proc.send({ pid: parent as string, body: number });
    }
    return "sent";
  },
};

/**
 * As the channel of a module: whatever is pushed goes into one queue, and a program has done with one batch before it sees the
 * next one.
 */
function inTurns(transport: Transport, isDead: () => boolean): Transport {
  const send = oneByOne((act) => queueMicrotask(() => process.nextTick(act)));
  return {
    async *syscall(name, args, options) {
      if (isDead()) await new Promise(() => undefined);
      const batches: (readonly SysEvent[])[] = [];
      let wake = (): void => undefined;
      void (async () => {
        for await (const batch of transport.syscall(name, args, options))
          send(() => {
            batches.push(batch);
            wake();
          });
      })();
      for (;;) {
        const batch = batches.shift();
        if (batch && isDead()) await new Promise(() => undefined);
        if (batch) yield batch;
        else await new Promise<void>((resolve) => (wake = resolve));
        if (batch?.some(isTerminal)) return;
      }
    },
  };
}

export const agent = (name: string): ManifestInput => ({ name, instructions: "-" });

/** What goes on in one kernel. */
export interface Life {
  isOver: boolean;
  /** One for each program that runs: it is killed. */
  readonly programs: Set<() => void>;
}

/** Programs that run in the kernel's own process: they end with it, or are killed alone. */
export const simulatedPrograms = (life: Life): ProgramDriver => ({
  find: () => Promise.reject(new SysError("ENOENT", "programs come with their manifest")),
  run: async (context) => {
    if (context.program.kind !== "agent") throw new SysError("EINVAL", "only agents are simulated");
    const { manifest, task } = context.program;
    const program = programs[manifest.name];
    if (!program) throw new SysError("ENOENT", `no program ${manifest.name}`);
    const death = Promise.withResolvers<never>();
    let isDead = false;
    const kill = (): void => {
      isDead = true;
      death.reject(Object.assign(new SysError("EIO", "the program was killed"), { isDeath: true }));
    };
    life.programs.add(kill);
    const alive = inTurns(context.transport, () => isDead || life.isOver);
    const never = new Promise<never>(() => undefined);
    try {
      return await Promise.race([program(createClient(inLanes(alive)), task, context.pid), death.promise]);
    } catch (cause) {
      throw life.isOver ? await never : cause;
    } finally {
      life.programs.delete(kill);
      if (life.isOver) await never;
    }
  },
});
