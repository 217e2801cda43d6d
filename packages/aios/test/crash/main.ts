// npm run test:crash -- [--rounds 1000] [--seed 1] [--per-home 25] [--seconds N] [--quiet]
// Kills, stops, fills and tears real kernels on real homes, and looks what is left. A home that did not survive is kept.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { live } from "./life.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    "per-home": { type: "string", default: "25" },
    seconds: { type: "string", default: "Infinity" },
    quiet: { type: "boolean", default: false },
  },
});
const [rounds, firstSeed, perHome] = [values.rounds, values.seed, values["per-home"]].map(Number) as [
  number,
  number,
  number,
];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A small disk needs a mount of our own, which ends with us. */
const INSIDE = "AIOS_CRASH_CAN_MOUNT";
if (process.env[INSIDE] === undefined) process.exitCode = await again();
else await main(process.env[INSIDE] === "yes");

/** This program once more, where it may mount disks that nobody else sees. */
async function again(): Promise<number> {
  const canMount =
    process.platform === "linux" &&
    spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]).status === 0;
  const node = [process.execPath, "--conditions=aios-source", import.meta.filename, ...process.argv.slice(2)];
  const [command = "", ...args] = canMount ? ["unshare", "-rm", ...node] : node;
  const env = { ...process.env, [INSIDE]: canMount ? "yes" : "no" };
  const inside = spawn(command, args, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => inside.kill(signal));
  const [code] = (await once(inside, "exit")) as [number | null];
  return code ?? 1;
}

async function main(canMount: boolean): Promise<void> {
  const sum: Record<string, number> = {};
  const add = (what: string, number: number): void => void (sum[what] = (sum[what] ?? 0) + number);
  const untilMs = performance.now() + Number(values.seconds) * 1_000;
  let lived = 0;
  if (!canMount) say("no small disk can be mounted here: there are no rounds on a full disk");
  for (let done = 0, seed = firstSeed; done < rounds && performance.now() < untilMs; done += perHome, seed++) {
    const folder = mkdtempSync(join(tmpdir(), "aios-crash-"));
    const here = Math.min(perHome, rounds - done);
    say(`home ${seed} (${here} rounds)`);
    try {
      const tell = (line: string): void => void (values.quiet || say(line));
      const home = await live({ folder, seed, rounds: here, untilMs, canMount, tell });
      for (const [kind, number] of Object.entries(home.rounds)) {
        add(kind, number);
        lived += number;
      }
      add("acknowledged calls", home.acknowledged);
      add("programs that ended", home.programs);
      add("questions answered", home.asked);
      if (canMount) spawnSync("umount", [join(folder, "home")], { stdio: "ignore" });
      rmSync(folder, { recursive: true, force: true });
    } catch (cause) {
      // The mount ends with us, the copy does not.
      const kept = `${folder}-kept`;
      cpSync(folder, kept, { recursive: true, filter: (from) => !from.endsWith("/filler") });
      say(`seed ${seed} failed, ${cause instanceof Error ? cause.message : String(cause)}`);
      say(`its home is kept in ${kept}`);
      say(`repeat it: npm run test:crash -- --seed ${seed} --rounds ${here} --per-home ${perHome}`);
      process.exitCode = 1;
      return;
    }
  }
  say(`${lived} rounds survived: ${JSON.stringify(sum)}`);
}
