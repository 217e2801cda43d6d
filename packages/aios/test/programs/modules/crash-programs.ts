// The programs of the crash rounds, each a module in a process of its own. The task is JSON: which one, its name, the folder
// of the truth, and whom it sends to.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { defineAgent, isSysError } from "@aiosjs/sdk";
import type { Proc } from "@aiosjs/sdk";
import { startedOnce } from "../started-once.ts";

const STEPS = 5;
const MESSAGES = 8;

interface Told {
  readonly kind: string;
  readonly name: string;
  readonly truth: string;
  readonly to?: string;
}

type Tools = Pick<Proc, "tool">;

const tool = async (proc: Tools, name: "pay" | "note", what: Record<string, string>): Promise<string> =>
  (await proc.tool.call({ name, arguments: what })).content;

function unlessGone(cause: unknown): void {
  if (!isSysError(cause) || cause.code !== "ENOENT") throw cause;
}

const programs: Readonly<Record<string, (proc: Proc, told: Told) => Promise<unknown>>> = {
  /** Chance, time, models, an effect that must not be repeated, and values. */
  async payer(proc, { name }) {
    const receipts: string[] = [];
    for (let step = 0; step < STEPS; step++) {
      const { value } = await proc.proc.random();
      const { nowMs } = await proc.proc.now();
      await tool(proc, "note", { about: `${name}.${step}`, is: `${value}@${nowMs}` });
      await proc.chat(`${name} ${step}`);
      receipts.push(await tool(proc, "pay", { what: `${name}.${step}` }));
      await proc.value.put({ key: `${step}`, value });
    }
    return receipts;
  },

  /** Flows side by side: who was first stays first. */
  async racer(proc, { name }) {
    const winners: string[] = [];
    for (let heat = 0; heat < STEPS; heat++) {
      const flow = async (label: string): Promise<string> => {
        const lane = proc.lane(`${label}${heat}`);
        for (let step = 0; step < 2; step++)
          await lane.llm.chat({ messages: [{ role: "user", content: `${name} ${heat} ${label} ${step}` }] });
        return label;
      };
      const flows = [flow("a"), flow("b"), flow("c")];
      const winner = await Promise.race(flows);
      winners.push(winner);
      await tool(proc, "note", { about: `${name}.${heat}`, is: winner });
      await Promise.all(flows);
    }
    return winners;
  },

  /** Notes and files in all that can be done to them; what is left is the same whoever was killed, went back or is a copy. */
  async keeper(proc, { name }) {
    const { mem, fs } = proc;
    const home = await mem.add({ content: `${name} home` });
    const ids: string[] = [];
    for (let step = 0; step < STEPS; step++) {
      const content = `${name} step ${step}`;
      const { id } = await mem.add(step === 2 ? { content, build: "model" } : { content });
      ids.push(id);
      await mem.link({ from: home.id, to: id, why: `step ${step}` });
      await fs.append({ path: "diary.txt", content: `${name} step ${step}\n` });
      await mem.update({ id: home.id, content: `${name} home after ${step}` });
      await fs.write({ path: `steps/${step}.txt`, content });
      await proc.proc.sleep({ ms: 10 });
    }
    const [removed = "", , parted = "", last = ""] = ids;
    await mem.remove({ id: removed });
    const { id: forgotten } = await mem.add({ content: `${name} secret` });
    // Who goes back to before it was forgotten does not find it again.
    await Promise.resolve(mem.link({ from: home.id, to: forgotten })).catch(unlessGone);
    await mem.forget({ ids: [forgotten] });
    await mem.unlink({ from: home.id, to: parted });
    const copied = await mem.get({ id: last });
    await mem.import({ notes: [{ ...copied, content: `${name} copy` }] });
    const { hits } = await mem.search({ query: `${name} step`, limit: 100 });
    const gone = hits.filter(({ note }) => note.id === removed || note.id === forgotten);
    if (gone.length > 0) throw new Error(`found what is gone: ${gone.map(({ note }) => note.content).join(", ")}`);
    await fs.move({ from: "steps/1.txt", to: "kept/one.txt" });
    await fs.remove({ path: "steps", isRecursive: true });
    await fs.restore({ path: "steps/3.txt" });
    // A copy of who was taken back keeps that it was gone, as a version.
    const { version } = await fs.stat({ path: "kept/one.txt" });
    await fs.write({ path: "kept/one.txt", content: "overwritten" });
    await fs.rollback({ path: "kept/one.txt", version });
    const { notes } = await mem.export({});
    const files = ["diary.txt", "kept/one.txt", "steps/3.txt"].map(async (path) => [
      path,
      (await fs.read({ path })).content,
    ]);
    return {
      notes: notes.map(({ id, content, links }) => ({ id, content, links: links.map(({ to }) => to) })),
      files: Object.fromEntries(await Promise.all(files)) as Record<string, string>,
    };
  },

  async receiver(proc) {
    const heard: unknown[] = [];
    while (heard.length < MESSAGES) heard.push((await proc.proc.receive()).body);
    return heard;
  },

  async sender(proc, { to }) {
    if (to === undefined) throw new Error("a sender is told whom it sends to");
    for (let number = 0; number < MESSAGES; number++) {
      await proc.proc.sleep({ ms: 15 });
      await proc.proc.send({ pid: to, body: number });
    }
    return "sent";
  },
};

// oxlint-disable-next-line import/no-default-export -- how a module shows its program
export default defineAgent(async (proc, task) => {
  const told = JSON.parse(task) as Told;
  const program = programs[told.kind];
  if (!program) throw new Error(`no program ${told.kind}`);
  // A fork is told what the process was told that it is one of.
  startedOnce({ ...told, name: `${told.name}@${process.env["AIOS_PID"]}` });
  const result = await program(proc, told);
  appendFileSync(join(told.truth, "ended"), `${told.name} ${process.pid}\n`);
  return result;
});
