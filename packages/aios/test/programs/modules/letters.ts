// Posts one letter to whom its task names, and says what came of it.
import { defineAgent } from "@aiosjs/sdk";

// oxlint-disable-next-line import/no-default-export -- how a module shows its program
export default defineAgent(async (proc, task) => {
  const { content } = await proc.tool.call({ name: "post", arguments: { to: task } });
  return content;
});
