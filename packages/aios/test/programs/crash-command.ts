// A command of the crash rounds, in no need of our sdk: draws numbers from its kernel until a file tells it to stop.
// node crash-command.ts <name> <folder of the truth>
import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startedOnce } from "./started-once.ts";

const DRAWS = 20;
const [name, truth] = process.argv.slice(2);
if (name === undefined || truth === undefined) throw new Error("usage: crash-command.ts <name> <truth>");
startedOnce({ name, truth });

/** Asks until it is answered, counting its attempts as the official clients do: a kernel that was killed comes back. */
async function ask(syscall: string, args: object, headers: Record<string, string> = {}): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(`${process.env["AIOS_URL"]}/v1/syscalls/${syscall}`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${process.env["AIOS_KEY"]}`,
          "content-type": "application/json",
          "x-stainless-retry-count": String(attempt),
          ...headers,
        },
        body: JSON.stringify(args),
      });
      const { result, code } = (await response.json()) as { result?: unknown; code?: string };
      // Nobody knows whether it happened: whoever asked it again would do it twice.
      if (response.ok || code === "EAMBIGUOUS") return result;
    } catch {
      // Nobody is there just now.
    }
    await sleep(50);
  }
}

let drawn = 0;
while (!existsSync(join(truth, `stop-${name}`))) {
  if (drawn < DRAWS) {
    // Equal requests are told apart by their keys; different ones by what they say.
    const drawing = await ask("proc.random", {}, { "idempotency-key": `draw ${drawn}` });
    appendFileSync(join(truth, "drawn"), `${name} ${process.pid} ${drawn} ${(drawing as { value: number }).value}\n`);
    await ask("tool.call", { name: "pay", arguments: { what: `${name}.${drawn++}` } });
  }
  await sleep(40);
}
