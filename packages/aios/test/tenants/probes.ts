// Calls by which somebody feels for what is another tenant's, and what may tell them apart from calls about nothing.
import type { SyscallName } from "@aiosjs/sdk/protocol";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { argumentsOf, isParsed } from "./arguments.ts";
import type { Kind, Things } from "./world.ts";

/** What a name of an argument makes people think of, of any device or of one. */
const meant: Readonly<Record<string, readonly Kind[]>> = {
  pid: ["pid"],
  pids: ["pid"],
  match: ["pid"],
  call: ["call"],
  ids: ["note", "call"],
  "approval.id": ["approval"],
  "cron.id": ["timer"],
  "fs.id": ["share"],
  "key.id": ["key"],
  "mem.id": ["note"],
  id: ["note", "approval", "timer", "share", "key", "call"],
  from: ["note", "path", "pid"],
  to: ["note", "pid", "path"],
  path: ["path"],
  folder: ["path"],
  folders: ["path"],
  group: ["group"],
  member: ["pid", "agent"],
  namespace: ["pid", "agent", "group"],
  namespaces: ["pid", "agent", "group"],
  scope: ["pid", "key", "tenant", "scope"],
  key: ["value", "sleep"],
  prefix: ["value"],
  contains: ["value"],
  topic: ["topic"],
  pattern: ["topic"],
  name: ["subscription", "mount", "agent", "session"],
  pipe: ["pipe"],
  upload: ["upload"],
  debugger: ["debugger"],
  sandbox: ["sandbox"],
  "sandbox.name": ["box"],
  tenant: ["tenant"],
  agent: ["agent"],
  request: ["path"],
  after: ["pid", "value", "subscription"],
};

/** Ways in which a thing is written. */
const written: Partial<Record<Kind, readonly string[]>> = {
  pid: ["process:"],
  agent: ["agent:"],
  group: ["group:"],
  tenant: ["tenant:"],
  key: ["key:"],
};

const words = [
  "plan",
  "secret",
  "auto",
  "llm.*",
  "*",
  "x",
  "1",
  "plans.x",
  "/shared/own.md",
  "own.md",
  "tenant",
  "@yearly",
];

/** Stands for a thing until it is known whose it is. */
const token = (whose: "their" | "own", kind: Kind, index: number): string => `«${whose} ${kind} ${index}»`;

/** Puts things in the places of their tokens. */
export function filledIn(value: unknown, { their, own }: { their: Things; own: Things }): unknown {
  const text = JSON.stringify(value).replaceAll(/«[^»]*»/g, (said) => {
    const [whose, kind, index] = said.slice(1, -1).split(" ") as [string, Kind, string];
    const things = (whose === "their" ? their : own)[kind];
    return JSON.stringify(things[Number(index) % things.length]).slice(1, -1);
  });
  return JSON.parse(text) as unknown;
}

interface Asked {
  readonly name: SyscallName;
  readonly seed: number;
  readonly count: number;
  /** Whether what is theirs is named at all. */
  readonly names: "their" | "own";
  readonly examples: { readonly their: Things; readonly own: Things };
}

/** Arguments of a syscall with tokens in them, each of which the table takes. */
export function* templates({ name, seed, count, names, examples }: Asked): Generator<unknown> {
  const random = createSeededRandom(seed);
  const oneOf = <Each>(all: readonly Each[]): Each => all[Math.floor(random.next() * all.length)] as Each;
  const kinds = Object.keys(examples.own) as Kind[];
  const [device] = name.split(".");
  const pick = (argument: string): string => {
    const chance = random.next();
    if (chance < 0.15) return oneOf(words);
    const likely = meant[`${device}.${argument}`] ?? meant[argument] ?? kinds;
    const kind = oneOf(chance < 0.75 ? likely : kinds);
    const whose = names === "own" || chance > 0.9 ? "own" : "their";
    const said = token(whose, kind, Math.floor(random.next() * 12));
    return oneOf(["", ...(written[kind] ?? [])]) + said;
  };
  for (let made = 0, tries = 0; made < count && tries < count * 40; tries++) {
    const args = argumentsOf(name, { random: () => random.next(), pick });
    if (!isParsed(name, filledIn(args, examples))) continue;
    made++;
    yield args;
  }
}
