// Takes what to do from the process's own clock: after a restart it does something else.
import { defineAgent } from "@aiosjs/sdk";

const started = String(process.hrtime.bigint());

// oxlint-disable-next-line import/no-default-export -- how a module shows its program
export default defineAgent(async (proc, task) => {
  const flows = [proc.lane(`early-${started}`).proc.now(), proc.lane("late").proc.now()];
  await Promise.all(flows);
  await proc.proc.sleep({ key: task });
});
