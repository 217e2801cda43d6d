// Leaves a process behind that is none of its group and holds its output open.
import { spawn } from "node:child_process";

// oxlint-disable-next-line import/no-default-export -- how a module shows its program
export default {
  run: (): Promise<number | undefined> => {
    const { pid } = spawn("sleep", ["60"], { detached: true, stdio: "inherit" });
    process.stdout.write("left one\n");
    return Promise.resolve(pid);
  },
};
