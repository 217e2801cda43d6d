// Writes a page for each of two days, waits for a word, and writes it on the third.
import { defineAgent } from "@aiosjs/sdk";

// oxlint-disable-next-line import/no-default-export -- how a module shows its program
export default defineAgent(async (proc, task) => {
  const write = async (day: number, content: string): Promise<void> => {
    await proc.fs.write({ path: `days/${day}.txt`, content });
    await proc.fs.write({ path: "today.txt", content });
    await proc.value.put({ key: "today", value: { day, content } });
  };
  await write(1, "rain");
  await write(2, "sun");
  const { value } = await proc.proc.sleep({ key: task });
  await write(3, String(value));
  const { value: today } = await proc.value.get({ key: "today" });
  return { today, page: (await proc.fs.read({ path: "today.txt" })).content };
});
