// Tries what a module may not, and says what came of it: the task names a file of the machine, and a port that listens.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { defineAgent } from "@aiosjs/sdk";

function faultOf(attempt: () => unknown): string {
  try {
    attempt();
    return "done";
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code ?? String(cause);
  }
}

// oxlint-disable-next-line import/no-default-export -- how a module shows its program
export default defineAgent(async (_proc, task) => {
  const { file, port } = JSON.parse(task) as { file: string; port: number };
  const own = import.meta.dirname;
  const reach = await new Promise<string>((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve("connected"));
    socket.once("error", (cause) => resolve((cause as NodeJS.ErrnoException).code ?? ""));
  });
  writeFileSync(join(homedir(), "mine.txt"), "kept");
  return {
    read: faultOf(() => readFileSync(file)),
    list: faultOf(() => readdirSync(dirname(file))),
    write: faultOf(() => writeFileSync(join(own, "left-behind"), "x")),
    processes: readdirSync("/proc").filter((name) => /^\d+$/.test(name)).length < 10,
    uid: execFileSync("id", ["-u"], { encoding: "utf8" }).trim(),
    home: readFileSync(join(homedir(), "mine.txt"), "utf8"),
    reach,
  };
});
