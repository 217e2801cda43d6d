// npm run test:attacks -- [--part files|sandboxes] [--attempts 60000] [--only TEXT] [--driver NAME] [--quick] [--quiet]
// Attacks the file syscalls of real kernels by paths, links, special files and races, as root (where it is) and as a plain
// user, and unprotected code beside them, which has to be seen to escape. Exit code 1 when anything else does. `--quick`: as one
// user, a part of what does not race, and the jail only as the kernel uses it. Sandboxes: see sandboxes.ts.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Attack } from "./attack.ts";
import { contest } from "./contest.ts";
import type { Contest } from "./contest.ts";
import { isolation } from "./isolation.ts";
import { Outside } from "./outside.ts";
import { pathAttacks } from "./path-attacks.ts";
import { raceAttacks } from "./race-attacks.ts";
import { faultsOfSandboxes } from "./sandboxes.ts";
import { specialAttacks } from "./special-attacks.ts";
import { Target } from "./target.ts";
import type { TargetKind, Uid } from "./target.ts";
import { toTable } from "./table.ts";
import type { Row } from "./table.ts";

const { values } = parseArgs({
  options: {
    part: { type: "string" },
    attempts: { type: "string", default: "60000" },
    driver: { type: "string", multiple: true },
    only: { type: "string", default: "" },
    quick: { type: "boolean", default: false },
    quiet: { type: "boolean", default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const tell = (line: string): void => void (values.quiet || say(line));

/** Mounts of ours are seen by nobody else, and end with us. */
const INSIDE = "AIOS_ATTACKS_CAN_MOUNT";
const NOBODY = 65_534;
/** Racing attempts on unprotected code end there, escaped or not. */
const CONTROL_ATTEMPTS = 40_000;
/** Of the escapes of a row so many are told. */
const SHOWN = 5;
/** Against the kernel's, the attempts on the jail alone. */
const JAIL_SHARE = 0.25;

const attacks = [...pathAttacks, ...raceAttacks, ...specialAttacks].filter(({ name }) => name.includes(values.only));
const isRoot = process.getuid?.() === 0;

if (process.platform !== "linux") say("the suite needs Linux: nothing was attacked");
else if (isRoot && process.env[INSIDE] === undefined) process.exitCode = await again();
else process.exitCode = await main();

async function again(): Promise<number> {
  const canMount = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;
  const node = [process.execPath, "--conditions=aios-source", import.meta.filename, ...process.argv.slice(2)];
  const [command = "", ...args] = canMount ? ["unshare", "-m", ...node] : node;
  const inside = spawn(command, args, { stdio: "inherit", env: { ...process.env, [INSIDE]: canMount ? "yes" : "no" } });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => inside.kill(signal));
  const [code] = (await once(inside, "exit")) as [number | null];
  return code ?? 1;
}

/** Why an attack cannot be made here. */
function missing({ needs }: Attack): string | undefined {
  if (needs !== undefined && !isRoot) return "it takes root";
  return needs === "mount" && process.env[INSIDE] !== "yes" ? "nothing can be mounted here" : undefined;
}

async function main(): Promise<number> {
  if (values.part === "sandboxes") return ended(await attackedSandboxes());
  const plain = { name: "a plain user", uid: isRoot ? NOBODY : undefined };
  const users = isRoot && !values.quick ? [{ name: "root", uid: undefined }, plain] : [plain];
  const possible = attacks.filter((attack) => missing(attack) === undefined);
  for (const attack of attacks) if (missing(attack) !== undefined) say(`left out: ${attack.name}: ${missing(attack)}`);
  const weights = possible.reduce((sum, { racers, beyond, weight = 1 }) => sum + (racers && !beyond ? weight : 0), 0);
  const perWeight = Number(values.attempts) / users.length / Math.max(weights, 1);
  const rows: Row[] = [];
  for (const { name: user, uid } of users) {
    tell(`as ${user}`);
    rows.push(...(await pass({ possible, user, uid, perWeight })));
  }
  say(toTable(rows));
  return ended([
    ...faultsOf(rows),
    ...("cross-process and cross-tenant".includes(values.only) ? await isolated() : []),
    ...(values.part === "files" ? [] : await attackedSandboxes()),
  ]);
}

function ended(faults: readonly string[]): number {
  for (const fault of faults) say(fault);
  say(faults.length === 0 ? "0 escapes" : `${faults.length} faults`);
  return faults.length === 0 ? 0 : 1;
}

function attackedSandboxes(): Promise<string[]> {
  return faultsOfSandboxes({ isQuick: values.quick, only: values.only, drivers: values.driver, uid: NOBODY, say });
}

interface Pass {
  readonly possible: readonly Attack[];
  readonly user: string;
  readonly uid: Uid;
  readonly perWeight: number;
}

async function pass({ possible, user, uid, perWeight }: Pass): Promise<Row[]> {
  const top = folderFor(uid);
  try {
    await using targets = new AsyncDisposableStack();
    using outsides = new DisposableStack();
    const open = (kind: TargetKind): { target: Target; outside: Outside } => {
      // Control and suite share a parent, and nobody shares an outside.
      const below = join(top, kind);
      mkdirSync(below);
      return {
        target: targets.use(new Target(kind, join(below, "home"), { uid, hangMs: hangMs(kind) })),
        outside: outsides.use(new Outside(join(below, "outside"), uid)),
      };
    };
    const [unprotected, kernel, handle, realPath] = (["unprotected", "kernel", "handle", "real-path"] as const).map(
      open,
    ) as [ReturnType<typeof open>, ReturnType<typeof open>, ReturnType<typeof open>, ReturnType<typeof open>];
    const rows: Row[] = [];
    for (const attack of possible) {
      const attempts = Math.ceil(perWeight * (attack.weight ?? 1));
      const all = { attack, uid, enough: 100, stillAtMost: values.quick ? 12 : Infinity };
      const enough = values.quick ? 1 : (attack.enough ?? 3);
      const control = await contest({ ...all, ...unprotected, enough, attempts: CONTROL_ATTEMPTS });
      const seen = await contest({ ...all, ...kernel, attempts });
      const share = { ...all, attempts: Math.ceil(attempts * JAIL_SHARE) };
      const jails =
        attack.isOfPaths || values.quick
          ? undefined
          : { handle: await contest({ ...share, ...handle }), realPath: await contest({ ...share, ...realPath }) };
      rows.push({ attack, user, control, kernel: seen, jails });
      tell(`  ${attack.name}: ${told(control)} unprotected, ${told(seen)} of the kernel`);
      for (const escape of attack.beyond === undefined ? seen.escapes.slice(0, SHOWN) : []) tell(`    ${escape}`);
    }
    return rows;
  } finally {
    clear(top);
  }
}

/** Where all tests run at once, a kernel waits for its turn on the machine. */
function hangMs(kind: TargetKind): number {
  return values.quick && kind === "kernel" ? 20_000 : 5_000;
}

function told({ attempts, escapes, turns }: Contest): string {
  return `${escapes.length} escapes of ${attempts}${turns > 0 ? ` (${turns} turns of its racers)` : ""}`;
}

function folderFor(uid: Uid): string {
  const top = mkdtempSync(join(tmpdir(), "aios-attacks-"));
  // Without waiting for a disk there are more attempts in a second, and a mount of ours is open to devices.
  if (process.env[INSIDE] === "yes") spawnSync("mount", ["-t", "tmpfs", "-o", "size=512m", "tmpfs", top]);
  chmodSync(top, 0o755);
  if (uid !== undefined) chownSync(top, uid, uid);
  return top;
}

function clear(top: string): void {
  if (process.env[INSIDE] === "yes") spawnSync("umount", ["-l", top], { stdio: "ignore" });
  rmSync(top, { recursive: true, force: true });
}

async function isolated(): Promise<string[]> {
  const top = folderFor(undefined);
  try {
    const { calls, leaks } = await isolation(top);
    say(`cross-process and cross-tenant: ${leaks.length} leaks of ${calls} calls`);
    return leaks;
  } finally {
    clear(top);
  }
}

function faultsOf(rows: readonly Row[]): string[] {
  return rows.flatMap(({ attack, user, control, kernel, jails }) => {
    const where = `${attack.name}, as ${user}`;
    const all = attack.beyond === undefined ? [kernel, ...(jails ? [jails.handle] : [])] : [];
    return [
      ...(control.escapes.length === 0
        ? [`${where}: unprotected code was not seen to escape, the attack proves nothing`]
        : []),
      ...all.flatMap(({ escapes }) => escapes.slice(0, SHOWN).map((escape) => `${where}: ESCAPE: ${escape}`)),
      ...(attack.racers && kernel.turns === 0 ? [`${where}: its racers stood still`] : []),
    ];
  });
}
