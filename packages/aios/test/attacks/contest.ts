// One attack on one target: attempts are made, and judged by what is outside.
import { fork, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { lchownSync, lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Attack, Place, Try } from "./attack.ts";
import { roots, verbNames, verbs } from "./files.ts";
import type { Answer, VerbName } from "./files.ts";
import type { Outside } from "./outside.ts";
import { end } from "./target.ts";
import type { Target, Uid } from "./target.ts";

const racer = fileURLToPath(new URL("./racer.ts", import.meta.url));

/** Calls under way at once. */
const AT_ONCE = 6;
/** The outside is looked at after so many of them. */
const LOOK_EVERY = 48;

export interface ContestOptions {
  readonly attack: Attack;
  readonly target: Target;
  readonly outside: Outside;
  readonly uid: Uid;
  /** Racing attempts. */
  readonly attempts: number;
  /** Of those that do not race, spread over all there are. */
  readonly stillAtMost: number;
  /** Ends sooner when it has escaped so often. */
  readonly enough: number;
}

export interface Contest {
  attempts: number;
  /** What was seen of each. */
  readonly escapes: string[];
  /** How often racers have turned things over. */
  turns: number;
}

const HANGS = "it hangs";
const PLACE = "place-";
const patiently = { recursive: true, force: true, maxRetries: 20, retryDelay: 100 };
let places = 0;

export async function contest(options: ContestOptions): Promise<Contest> {
  const seen: Contest = { attempts: 0, escapes: [], turns: 0 };
  const { attack, target, outside } = options;
  const known = target.kind === "kernel" ? roots : [""];
  outside.lay();
  for (const root of known) {
    const host = await target.hostOf(root);
    const share = { ...options, attempts: Math.ceil(options.attempts / known.length) };
    await (attack.racers ? race : still)(share, { root, host, seen });
    // Whoever was attacked may still be putting things in their places.
    for (const name of readdirSync(host)) if (name.startsWith(PLACE)) rmSync(join(host, name), patiently);
  }
  return seen;
}

interface Ground {
  readonly root: string;
  readonly host: string;
  readonly seen: Contest;
}

function placeIn({ root, host }: Ground, { outside, attack, uid }: ContestOptions): Place {
  const name = `${PLACE}${places++}`;
  const place: Place = {
    host: join(host, name),
    path: root + name,
    root,
    up: relative(host, outside.folder),
    outside: outside.folder,
  };
  mkdirSync(place.host);
  attack.lay?.(place);
  if (uid !== undefined) give(place.host, uid);
  return place;
}

/** Hands it over to the user that is attacked. What is mounted is theirs already. */
function give(path: string, uid: number): void {
  lchownSync(path, uid, uid);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) give(join(path, name), uid);
}

/** Each try in a fresh place. */
async function still(options: ContestOptions, ground: Ground): Promise<void> {
  const { attack, outside } = options;
  for (let index = 0; ; index++) {
    const place = placeIn(ground, options);
    const asked = evenly(asksOf(attack.tries(place), options.target), options.stillAtMost)[index];
    if (asked === undefined) return attack.needs === "mount" ? unmount(place) : undefined;
    const [verb, path] = asked;
    ground.seen.attempts++;
    await judge(options, ground.seen, [verb, path]);
    look(outside, ground.seen, `${verb} ${path}`);
    if (attack.needs === "mount") unmount(place);
    if (isDecided(ground.seen, options)) return;
  }
}

/** What hangs again and again tells nothing new. */
function isDecided({ escapes }: Contest, { enough }: ContestOptions): boolean {
  return escapes.length >= enough || escapes.filter((escape) => escape.endsWith(HANGS)).length >= 3;
}

function evenly<Item>(items: readonly Item[], atMost: number): readonly Item[] {
  const step = Math.max(1, items.length / atMost);
  return items.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

async function race(options: ContestOptions, ground: Ground): Promise<void> {
  const { attack, attempts, outside, target } = options;
  const { seen } = ground;
  const place = placeIn(ground, options);
  const running = await Promise.all(
    (attack.racers ?? []).map((kind, index) => startRacer(kind, place, { index, options })),
  );
  const tries = asksOf(attack.tries(place), target);
  // They are the fastest, and what most races are about.
  const reads = tries.filter(([verb]) => verb === "read");
  const until = seen.attempts + attempts;
  const isOver = (): boolean => seen.attempts >= until || isDecided(seen, options);
  const attacker = async (): Promise<void> => {
    while (!isOver()) {
      const number = seen.attempts++;
      const from = number % 4 === 0 || reads.length === 0 ? tries : reads;
      const tried = from[Math.floor(number / 4) % from.length] as readonly [VerbName, string];
      await judge(options, seen, tried);
      if (number % LOOK_EVERY === 0) look(outside, seen, tried[0]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, attacker));
  for (const one of running) seen.turns += await stopRacer(one);
  look(outside, seen, "one of the last calls");
  if (attack.needs === "mount") unmount(place);
}

/** Each try with every syscall that is like it; of unprotected code and of the jail there is one of each kind. */
function asksOf(tries: readonly Try[], { kind }: Target): (readonly [VerbName, string])[] {
  return tries.flatMap(([like, path]) =>
    verbNames
      .filter((verb) => (kind === "kernel" ? verbs[verb].like === like : verb === like))
      .map((verb) => [verb, path] as const),
  );
}

async function judge(
  { attack, target, outside }: ContestOptions,
  seen: Contest,
  [verb, path]: readonly [VerbName, string],
): Promise<void> {
  const { check, readAs } = attack;
  const answer = await target.ask({ verb, path, check, readAs });
  const what = escapeOf(answer, outside) ?? attack.judge?.(verbs[verb].like, answer, path);
  if (what !== undefined) seen.escapes.push(`${verb} ${short(path)}: ${what}`);
}

function escapeOf({ is, text }: Answer, outside: Outside): string | undefined {
  if (is === "hung") return HANGS;
  if (is === "died") return `it died (${text})`;
  return outside.isToldBy(text) ? "it told a secret" : undefined;
}

function look(outside: Outside, seen: Contest, what: string): void {
  const change = outside.change();
  if (change === undefined) return;
  seen.escapes.push(`${short(what)}: ${change}`);
  outside.lay();
}

const short = (text: string): string => {
  const shown = JSON.stringify(text);
  return shown.length <= 160 ? shown : `${shown.slice(0, 80)}…${shown.slice(-60)}`;
};

async function startRacer(
  kind: string,
  { host, outside }: Place,
  { index, options }: { index: number; options: ContestOptions },
): Promise<ChildProcess> {
  const folder = kind === "everything" ? host : join(host, String(index));
  mkdirSync(folder, { recursive: true });
  const { uid } = options;
  if (uid !== undefined) lchownSync(folder, uid, uid);
  const who = uid === undefined || options.attack.needs === "mount" ? {} : { uid, gid: uid };
  const child = fork(racer, [kind, folder, outside], {
    ...who,
    execArgv: [],
    cwd: "/",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const laid = Promise.withResolvers<ChildProcess>();
  child.once("message", () => laid.resolve(child));
  child.once("exit", (code, signal) => laid.reject(new Error(`the racer ${kind} does not start (${code ?? signal})`)));
  return laid.promise;
}

async function stopRacer(child: ChildProcess): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once("message", ({ turns }: { turns: number }) => resolve(turns));
  child.once("exit", () => resolve(0));
  child.send("stop", (error) => void (error && resolve(0)));
  const turns = await promise;
  await end(child);
  return turns;
}

/** A racer that was stopped may have left more than one upon another. */
function unmount({ host }: Place): void {
  for (const name of ["folder", "file", "0/slot"])
    while (spawnSync("umount", ["-l", join(host, name)], { stdio: "ignore" }).status === 0);
}
