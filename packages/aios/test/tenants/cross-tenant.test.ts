// Every syscall, tried by one tenant on all that another one has. Whoever asks is told nothing of it, cannot tell it from what
// never was, and changes nothing. The table is walked: a new syscall is tried without a word about it.
import { setImmediate, setTimeout } from "node:timers/promises";
import { syscallTable } from "@aiosjs/sdk/protocol";
import type { Pid, SysEvent, SyscallName } from "@aiosjs/sdk/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Journal, Principal } from "../../src/kernel/ports.ts";
import type { FileRig } from "../file-rig.ts";
import { filledIn, templates } from "./probes.ts";
import { openTenantRig } from "./tenant-rig.ts";
import type { TenantRig } from "./tenant-rig.ts";
import { plant, questionOf } from "./world.ts";
import type { Kind, Things, World } from "./world.ts";

/** Their tenants, and the word that stands in all that they have named. The home's own is one as any other. */
const victims = { local: "zqhome", zqalpha: "zqalpha" } as const;
/** Nothing that is asked here waits for anything but the disk. */
const PATIENCE_MS = 5_000;
const OWN_ONLY = 4;
const PROBES = 12;

const names = Object.keys(syscallTable) as SyscallName[];

describe.each(Object.keys(victims) as (keyof typeof victims)[])("what is of the tenant %s", (tenant) => {
  let opened: TenantRig;
  let rig: FileRig;
  let journal: Journal;
  let their: World;
  /** Things that are named like theirs, and never were. */
  let absent: Things;

  beforeAll(async () => {
    opened = await openTenantRig(questionOf(tenant, victims[tenant]));
    ({ rig, journal } = opened);
    const { key } = await rig.admin.key.create({ tenant, scopes: ["*"] });
    their = await plant(rig, { key, mark: victims[tenant], isDebugged: true });
    absent = neverBeen(their);
  }, 60_000);
  afterAll(async () => {
    await opened[Symbol.asyncDispose]();
  });

  /** A tenant with everything, to be told nothing by. */
  const newcomer = async (mark: string): Promise<World> =>
    plant(rig, { key: (await rig.admin.key.create({ tenant: mark, scopes: ["*"] })).key, mark, isDebugged: false });

  test("its own key finds its secrets by the very same calls", async () => {
    const found = new Set<string>();
    for (const name of names.filter((one) => /\.(get|list|show|read|search|trace|receive|snapshot|export)$/.test(one)))
      for (const args of templates({ name, seed: 1, count: PROBES, names: "own", examples: examplesOf(their) })) {
        const whole = filledIn(args, { their: absent, own: their.things });
        const told = await ask(rig, { by: their, principal: their.key, name, args: whole });
        if (JSON.stringify(told).includes(their.secret)) found.add(name);
      }
    expect([...found].toSorted()).toEqual(
      expect.arrayContaining(["approval.show", "call.show", "fs.read", "mem.get", "proc.snapshot"]),
    );
  }, 60_000);

  test.each(names)(
    "%s",
    async (name) => {
      const [one, other] = [await newcomer(`zqone${plain(name)}`), await newcomer(`zqtwo${plain(name)}`)];
      const before = await all(their, rig, journal);
      const examples = { their: their.things, own: one.things };
      const seed = names.indexOf(name) + 1;
      const probes = [
        ...templates({ name, seed, count: OWN_ONLY, names: "own", examples }),
        ...templates({ name, seed: seed + 1_000, count: PROBES, names: "their", examples }),
      ];
      expect(probes.length, `arguments that ${name} takes`).toBeGreaterThan(0);
      const leaks: string[] = [];
      for (const [index, template] of probes.entries())
        for (const by of ["key", "process", "client"] as const) {
          const real = filledIn(template, { their: their.things, own: one.things });
          const nothing = filledIn(template, { their: absent, own: other.things });
          const told = await ask(rig, { ...callerOf(one, by), by: one, name, args: real });
          const ofNothing = await ask(rig, { ...callerOf(other, by), by: other, name, args: nothing });
          const what = `${name} ${JSON.stringify(real)} by ${by}`;
          const text = JSON.stringify(told);
          if (text.includes(their.secret)) leaks.push(`${what} tells a secret: ${text}`);
          if (index < OWN_ONLY && mentions(text, their)) leaks.push(`${what} tells what is theirs: ${text}`);
          const seen = nameless(told, { own: one, theirs: their.things });
          const unseen = nameless(ofNothing, { own: other, theirs: absent });
          if (seen !== unseen) leaks.push(`${what}: ${seen}\n  and of what never was: ${unseen}`);
        }
      await their.stay();
      expect(leaks.join("\n\n")).toBe("");
      expect(await all(their, rig, journal)).toEqual(before);
      expect(opened.signalled, "what runs on the machine is the home's").toEqual([]);
    },
    60_000,
  );
});

const examplesOf = ({ things }: World) => ({ their: things, own: things });
/** Names of tenants and of much else are of small letters and digits. */
const plain = (name: string): string => name.replaceAll(/[^a-z]/g, "");

/** Names of the same form that nobody has. They differ in their last letter: what is in order of names stays there. */
function neverBeen({ mark, tenant, things }: World): Things {
  const other = (name: string): string => name.slice(0, -1) + (/[y-z8-9]$/.test(name) ? "x" : next(name.slice(-1)));
  const next = (char: string): string => String.fromCodePoint((char.codePointAt(0) ?? 0) + 1);
  const renamed = [mark, tenant, ...things.pid].map((name) => [name, other(name)] as const);
  const absent = (thing: string): string => {
    const said = renamed.reduce((text, [from, to]) => text.replaceAll(from, to), thing);
    return said === thing ? other(thing) : said;
  };
  return Object.fromEntries(Object.entries(things).map(([kind, all]) => [kind, all.map(absent)])) as unknown as Things;
}

function callerOf(world: World, by: "key" | "process" | "client"): { principal: Principal; pid?: Pid } {
  if (by === "process") return { principal: world.process };
  return { principal: world.key, ...(by === "client" ? { pid: world.client } : {}) };
}

/** All that a call tells; a call that would wait is cancelled. */
async function ask(
  rig: FileRig,
  { name, args, by, ...caller }: { name: string; args: unknown; by: World; principal: Principal; pid?: Pid },
): Promise<SysEvent[]> {
  const subscription = rig.kernel.syscall(name, args, { ...caller, onDetach: "abort" });
  const told: SysEvent[] = [];
  let isOver = false;
  const reading = (async () => {
    for await (const batch of subscription) told.push(...(batch as readonly SysEvent[]));
    isOver = true;
  })();
  const untilMs = performance.now() + PATIENCE_MS;
  for (let turn = 0; !isOver && performance.now() < untilMs; turn++) {
    await (turn < 20 ? setImmediate() : setTimeout(1));
    if (turn >= 20 && turn < 50) await rig.clock.run(rig.clock.nowMs() + 1);
    if (turn % 50 === 49) await refuseQuestions(by, rig);
  }
  if (!isOver) subscription.cancel();
  await reading;
  return told;
}

/** What the gate asks a person about is not made. */
async function refuseQuestions({ tenant }: World, { admin }: FileRig): Promise<void> {
  for (const question of (await admin.approval.list({})).approvals)
    if (question.kind === "gate" && question.tenant === tenant)
      await admin.approval.answer({ id: question.id, isApproved: false });
}

const isWord = (text: string, word: string): boolean =>
  new RegExp(`(?<![0-9a-zA-Z])${word.replaceAll(/[.*/]/g, "\\$&")}(?![0-9a-zA-Z])`).test(text);

const idKinds: readonly Kind[] = [
  "pid",
  "call",
  "note",
  "approval",
  "timer",
  "share",
  "pipe",
  "upload",
  "key",
  "debugger",
  "sandbox",
];
const mentions = (text: string, { mark, things }: World): boolean =>
  text.includes(mark) || idKinds.some((kind) => things[kind].some((thing) => isWord(text, thing)));

/** Ids and instants, and what the words of a question find, by chance, of one's own. */
const different =
  /^(pid|id|is|pipe|call|key|name|parent|lastPid|from|link|uuid|upload|debugger|sandbox|remembered|at|cursor|position|next|scannedTo|change|lastChange|value|hits|notes|processes|\w*([Ss]eq|At|Ms))$/;

/** How a call ended, without what tells worlds apart by nothing but their order. */
function nameless(told: readonly SysEvent[], whose: { own: World; theirs: Things }): string {
  const last = told.at(-1);
  if (last?.type !== "syscall.failed")
    return JSON.stringify(plainly(last?.type === "syscall.completed" ? last.result : last, whose));
  const { code, detail, hint = "" } = last.error;
  return unnamed(`${code} ${detail} ${hint}`, whose);
}

function plainly(value: unknown, whose: { own: World; theirs: Things }): unknown {
  if (typeof value === "string") return unnamed(value, whose);
  if (typeof value === "number") return value >= 100 || !Number.isInteger(value) ? "…" : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => JSON.stringify(plainly(one, whose))).toSorted();
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      unnamed(name, whose),
      different.test(name) && one !== null ? "…" : plainly(one, whose),
    ]),
  );
}

function unnamed(said: string, { own, theirs }: { own: World; theirs: Things }): string {
  let text = said;
  for (const [kind, things] of [...Object.entries(theirs), ...Object.entries(own.things)])
    for (const [index, thing] of things.entries())
      text = text.replaceAll(thing, `«${kind} ${kind === "path" ? "" : index}»`);
  return text
    .replaceAll(own.mark, "«mark»")
    .replaceAll(/\b(?=[a-z]*\d)[0-9a-z]{6,}\b|\b\d{3,}\b/g, "…")
    .replaceAll(/aios_sk_\w+|(?<=process[: ]|aios kill |\/home\/)\w{6}\b/g, "…");
}

/** All that is on record of a tenant and mentions what was planted there; what others tried is not of the tenant. */
async function all({ tenant, mark, things, ...world }: World, rig: FileRig, journal: Journal): Promise<string[]> {
  await rig.events();
  const { processes, keys, accounts, intents, messages, approvals, cursors, timers, groups, shares, mounts } =
    await journal.load();
  const rows: object[] = [
    processes,
    keys,
    accounts,
    messages,
    approvals,
    cursors,
    timers,
    groups,
    shares,
    mounts,
  ].flat();
  const of = { tenant: world.key.tenant };
  for (const scope of [...things.scope, ...things.pid.map((pid) => `process:${pid}`)])
    rows.push(...(await journal.values({ ...of, scope, limit: 1_000 })));
  for (const pid of things.pid)
    rows.push(...(await journal.calls({ ...of, pid: pid as Pid, afterSeq: 0, limit: 10_000 })));
  rows.push(...(await journal.events({ ...of, afterSeq: 0, limit: 1e6 })));
  const namespaces = await journal.noteNamespaces(world.key.tenant);
  rows.push(...(await journal.notes({ ...of, namespaces, limit: 10_000 } as never)));
  for (const root of await journal.fileRoots(world.key.tenant))
    rows.push(...(await journal.files({ ...root, limit: 10_000 })));
  void intents;
  const isTheirs = (row: object): boolean =>
    (row as { tenant?: string }).tenant === (tenant as string) || !("tenant" in row);
  return rows
    .filter(isTheirs)
    .map((row) => JSON.stringify({ ...row, ...unsettled }))
    .filter((text) => mentions(text, { tenant, mark, things, ...world }));
}

/** A file comes to the disk behind the answer. */
const unsettled = { stamp: undefined, unsynced: undefined };
