// Two tenants with agents, commands, groups and notes; what each call should see is known from rules that know no index and no
// journal. A second life of the same seed differs in nothing but what one process never reaches.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { asKeyId, asPid, asTenantId, isSysError } from "@aiosjs/sdk/protocol";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import type { NoteTools } from "../../src/kernel/memory.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { NoteRules } from "./note-rules.ts";
import type { Actor, Operation } from "./note-rules.ts";

const STEPS = 240;
const WORDS = ["amber", "basil", "cedar", "delta", "ember", "fjord"];
const ABSENT = "nabsent0000000";
const GROUPS = ["desk", "lab"];

export interface Life {
  /** Results and refusals of the process that is watched, in order. */
  readonly seen: readonly string[];
  /** Namespaces, as `tenant/namespace`, that it never reached. */
  readonly hidden: ReadonlySet<string>;
  /** How often each syscall ended how. */
  readonly ends: ReadonlyMap<string, number>;
}

/** @throws Error naming the call that did not end as the rules say. */
export async function liveIsolated(
  seed: number,
  { notes, unlike }: { notes: NoteTools; unlike?: ReadonlySet<string> },
): Promise<Life> {
  const random = createSeededRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random.next() * items.length)] as Item;
  const rig = await openRig({
    seed,
    notes,
    cores: (clock) => [createScriptedCore({ clock })],
    programs: { find: () => Promise.reject(new Error("none")), run: () => new Promise(() => undefined) },
  });
  const actors = await peopled(rig);
  const clients = new Map(actors.map((actor) => [actor, clientOf(rig, actor)]));
  const rules = new NoteRules(() => rig.clock.nowMs());
  const processes = actors.filter(({ own }) => own !== undefined);
  const watched = pick(processes);
  const places = processes.flatMap(({ own = [] }) => own);
  const groups = GROUPS.map((group) => `group:${group}`);
  const namespaces = ["tenant", ...new Set(places), ...groups, ...groups, ...groups, "group:none"];
  for (const key of actors.filter(({ own }) => own === undefined))
    for (const group of GROUPS) {
      rules.expect({ by: key, name: "group.create", args: { group } });
      await (clients.get(key) as Client).group.create({ group });
    }
  const ids = [ABSENT];
  const hidden = new Set(["local", "b"].flatMap((tenant) => namespaces.map((namespace) => `${tenant}/${namespace}`)));
  const seen: string[] = [];
  const ends = new Map<string, number>();

  for (let step = 0; step < STEPS; step++) {
    await rig.clock.run(rig.clock.nowMs() + 100);
    for (const namespace of rules.reach(watched)?.keys() ?? []) hidden.delete(`${watched.tenant}/${namespace}`);
    const drawn = drawOperation({ pick, random: () => random.next(), actors, namespaces, ids, places });
    const operation = unlike ? otherwise(drawn, { unlike, rules, actors, watched }) : drawn;
    const { by, name, args } = operation;
    const expected = rules.expect(operation);
    const outcome = await outcomeOf(clients.get(by) as Client, name, args);
    const end = /^[A-Z]+/.exec(outcome)?.[0] ?? "done";
    ends.set(`${name} ${end}`, (ends.get(`${name} ${end}`) ?? 0) + 1);
    const wrong = expected(outcome, ids);
    // What an index makes of other words is nobody's to see who is compared here.
    if (wrong !== undefined && !unlike)
      throw new Error(
        `step ${step}: ${by.name} ${name} ${JSON.stringify(args)}\n  ended ${outcome.slice(0, 500)}\n  not ${wrong}`,
      );
    if (by === watched) seen.push(`${name} ${JSON.stringify(args)}: ${outcome}`);
  }
  return { seen, hidden, ends };
}

async function peopled(rig: Rig): Promise<Actor[]> {
  const actors: Actor[] = [];
  for (const tenant of ["local", "b"]) {
    const admin: Actor = { name: `the key of ${tenant}`, tenant: asTenantId(tenant), own: undefined };
    actors.push(admin);
    for (const agent of tenant === "b" ? ["clerk", undefined] : ["clerk", "clerk", "cook", undefined, undefined]) {
      const program =
        agent === undefined
          ? { kind: "command" as const, command: ["x"], cwd: "/" }
          : { kind: "agent" as const, agent: { name: agent, instructions: "x" }, task: "t" };
      const { pid } = await clientOf(rig, admin).proc.spawn({ program });
      const own = [`process:${pid}`, ...(agent === undefined ? [] : [`agent:${agent}`])];
      actors.push({ name: `${agent ?? "command"} ${pid} of ${tenant}`, tenant: admin.tenant, own });
    }
  }
  return actors;
}

function clientOf(rig: Rig, { tenant, own }: Actor): Client {
  const pid = own ? asPid((own[0] as string).slice("process:".length)) : null;
  return createClient(rig.kernel.transport({ tenant, key: asKeyId(`k-${tenant}`), pid, scopes: ["*"] }));
}

/** The result as JSON, or the refusal with its hint. */
async function outcomeOf(client: Client, name: string, args: object): Promise<string> {
  const [device, verb] = name.split(".") as ["mem", "get"];
  try {
    return JSON.stringify(await (client[device][verb] as unknown as (args: object) => Promise<unknown>)(args));
  } catch (cause) {
    if (!isSysError(cause)) throw cause;
    return `${cause.code} ${cause.message} → ${cause.hint ?? ""}`;
  }
}

interface Drawing {
  readonly pick: <Item>(items: readonly Item[]) => Item;
  readonly random: () => number;
  readonly actors: readonly Actor[];
  readonly namespaces: readonly string[];
  readonly ids: readonly string[];
  readonly places: readonly string[];
}

function drawOperation({ pick, random, actors, namespaces, ids, places }: Drawing): Operation {
  const by = pick(actors);
  const group = pick(GROUPS);
  const member = pick(places);
  // Late ones are more often there still, and neighbours more often of one namespace.
  const at = Math.floor(ids.length * (random() < 0.5 ? random() : 1 - random() ** 2 / 4));
  const [id, next] = [ids[at] as string, ids[at + 1] ?? ABSENT];
  const tag = pick(WORDS);
  const content = `${tag} ${pick(WORDS)} ${pick(WORDS)}`;
  const namespace = pick(namespaces);
  const some = random() < 0.5 ? {} : { namespaces: [namespace] };
  if (random() < 0.3) {
    const keys = actors.filter(({ own, tenant }) => own === undefined && tenant === by.tenant);
    const who = random() < 0.9 ? pick(keys) : by;
    const access = pick(["read", "write"] as const);
    const span = random() < 0.3 ? { expiresInMs: 1 + Math.floor(random() * 5_000) } : {};
    return pick<Operation>([
      { by: who, name: "group.create", args: { group } },
      ...Array.from({ length: 5 }, () => {
        const near = pick(actors.filter(({ own, tenant }) => own && tenant === by.tenant)).own ?? [];
        const member = random() < 0.9 ? pick(near) : pick(places);
        const args = { group, member, access, shares: random() < 0.5, ...span };
        return { by: who, name: "group.add", args } as const;
      }),
      { by: who, name: "group.remove", args: { group, member } },
      { by, name: "group.list", args: {} },
      { by, name: "group.share", args: { group, member: by.own ? pick(by.own) : member, shares: random() < 0.7 } },
      ...(random() < 0.2 ? [{ by: who, name: "group.delete", args: { group } } as const] : []),
    ]);
  }
  const how = pick(["words", "hybrid", "vectors"] as const);
  const search: Operation = { by, name: "mem.search", args: { query: tag, by: how, links: 0, limit: 100, ...some } };
  const add: Operation = { by, name: "mem.add", args: { content, tags: [tag], namespace } };
  return pick<Operation>([
    add,
    add,
    add,
    { by, name: "mem.add", args: { content, tags: [tag] } },
    search,
    search,
    { by, name: "mem.get", args: { id } },
    { by, name: "mem.update", args: { id, content } },
    { by, name: "mem.remove", args: { id } },
    { by, name: "mem.link", args: { from: id, to: pick(ids) } },
    { by, name: "mem.link", args: { from: id, to: next } },
    { by, name: "mem.unlink", args: { from: id, to: next } },
    { by, name: "mem.unlink", args: { from: next, to: id } },
    { by, name: "mem.graph", args: { id, depth: 5, limit: 200 } },
    { by, name: "mem.history", args: { id, limit: 200 } },
    { by, name: "mem.export", args: some },
    { by, name: "mem.usage", args: some },
    { by, name: "mem.import", args: { notes: sample(content, tag), namespace } },
    random() < 0.4
      ? { by, name: "mem.forget", args: { ids: [id, pick(ids)] } }
      : { by, name: "mem.forget", args: { tags: [tag], namespaces: [namespace] } },
    random() < 0.3 ? { by, name: "mem.verify", args: {} } : search,
  ]);
}

/** Two notes with a link between them, as they were exported somewhere. */
const sample = (content: string, tag: string): object[] =>
  ["nsample1", "nsample2"].map((id, index) => ({
    id,
    namespace: "tenant",
    content,
    keywords: [],
    tags: [tag],
    context: "",
    category: "",
    links: [{ to: index === 0 ? "nsample2" : "nsample1", strength: 1, why: "" }],
    importance: 0.5,
    tier: "episodic",
    isPinned: false,
    labels: { trust: "user", confidentiality: "internal" },
    source: { pid: "", call: "", uri: "" },
    version: 3,
    createdAt: 1,
    updatedAt: 1,
    accessedAt: 1,
    retrievalCount: 7,
  }));

/** The same step where everything that one process never reaches says something else, or is erased before it is read. */
function otherwise(
  operation: Operation,
  world: { unlike: ReadonlySet<string>; rules: NoteRules; actors: readonly Actor[]; watched: Actor },
): Operation {
  const { unlike, rules, actors, watched } = world;
  const { by, name, args } = operation;
  if (by === watched) return operation;
  const isHidden = (namespace: string | undefined): boolean =>
    unlike.has(`${by.tenant}/${namespace ?? by.own?.[0] ?? "tenant"}`);
  const content = "quartz zebra quartz amber, said at some length by somebody else";
  if (name === "mem.add" && isHidden(args.namespace)) return { by, name, args: { ...args, content } };
  const note = "id" in args ? rules.notes.get(args.id) : undefined;
  if (!note || !unlike.has(`${note.tenant}/${note.namespace}`)) return operation;
  if (name === "mem.update") return { by, name, args: { ...args, content } };
  if (name !== "mem.get" && name !== "mem.history") return operation;
  const key = actors.find(({ own, tenant }) => own === undefined && tenant === note.tenant) as Actor;
  return { by: key, name: "mem.forget", args: { ids: [note.id] } };
}
