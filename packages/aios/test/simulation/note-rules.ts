import type { ArgsOf, SyscallName, TenantId } from "@aiosjs/sdk/protocol";

/** Somebody who makes calls: a key of a tenant, or a process by the names of what it owns. */
export interface Actor {
  readonly name: string;
  readonly tenant: TenantId;
  readonly own: readonly string[] | undefined;
}

/** What consolidation makes of notes no simple rule says. */
type Name = Exclude<Extract<SyscallName, `mem.${string}` | `group.${string}`>, "mem.consolidate">;
type GroupOperation = Extract<Operation, { readonly name: `group.${string}` }>;
export type Operation = { [N in Name]: { readonly by: Actor; readonly name: N; readonly args: Arguments<N> } }[Name];
type Arguments<N extends Name> = N extends "mem.import" ? { notes: object[]; namespace: string } : ArgsOf<N>;

interface RuleNote {
  readonly id: string;
  readonly tenant: TenantId;
  readonly namespace: string;
  version: number;
  content: string;
  readonly tags: readonly string[];
  readonly links: Set<string>;
  isRemoved: boolean;
}

type Access = "read" | "write";
interface RuleMember {
  readonly access: Access;
  readonly shares: boolean;
  readonly untilMs: number;
}

/** Says what is wrong with how a call ended, or nothing; new notes' ids go into `ids`. */
type Verdict = (outcome: string, ids: string[]) => string | undefined;

/** Who may see and do what with notes, in the fewest words. */
export class NoteRules {
  readonly notes = new Map<string, RuleNote>();
  readonly #groups = new Map<string, Map<string, RuleMember>>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The namespaces that somebody reaches; undefined: all of the tenant's. */
  reach({ tenant, own }: Actor): ReadonlyMap<string, Access> | undefined {
    if (own === undefined) return undefined;
    const reach = new Map<string, Access>([...own, "tenant"].map((namespace) => [namespace, "write"]));
    for (const [key, members] of this.#groups) {
      const [of, group] = key.split("/");
      const live = [...members].filter(([, { untilMs }]) => untilMs > this.#nowMs());
      const mine = live.filter(([member]) => own.includes(member));
      if (of !== tenant || mine.length === 0) continue;
      reach.set(`group:${group}`, mine.some(([, { access }]) => access === "write") ? "write" : "read");
      for (const [member, { shares }] of live) if (shares && !reach.has(member)) reach.set(member, "read");
    }
    return reach;
  }

  #accessTo(by: Actor, namespace: string): Access | undefined {
    const reach = this.reach(by);
    return reach ? reach.get(namespace) : "write";
  }

  /** Notes that somebody sees, removed ones too if asked for. */
  #seen(by: Actor, { removed = false } = {}): RuleNote[] {
    return [...this.notes.values()]
      .filter(({ tenant, namespace }) => tenant === by.tenant && this.#accessTo(by, namespace) !== undefined)
      .filter(({ isRemoved }) => removed || !isRemoved)
      .toSorted((left, right) => (left.id < right.id ? -1 : 1));
  }

  #see(by: Actor, id: string, options = {}): RuleNote | undefined {
    return this.#seen(by, options).find((note) => note.id === id);
  }

  /** Takes the call as made; what comes back judges how it ended. */
  expect(operation: Operation): Verdict {
    const { by, name, args } = operation;
    switch (name) {
      case "mem.add":
      case "mem.import": {
        const namespace = args.namespace ?? by.own?.[0] ?? "tenant";
        const refused = this.#noPlace(by, namespace) ?? this.#readOnly(by, namespace);
        if (refused) return refused;
        const added = name === "mem.add" ? [args] : (args.notes as { content: string; tags: string[] }[]);
        return (outcome, ids) => {
          const result = JSON.parse(outcome) as { id: string; ids: { is: string }[] };
          const now = name === "mem.add" ? [result.id] : result.ids.map(({ is }) => is);
          for (const [index, id] of now.entries()) {
            const { content, tags = [] } = added[index] as { content: string; tags?: string[] };
            const links = new Set(now.filter((other) => other !== id));
            this.notes.set(id, {
              id,
              tenant: by.tenant,
              namespace,
              version: 1,
              content,
              tags,
              links,
              isRemoved: false,
            });
            ids.push(id);
          }
          return undefined;
        };
      }
      case "mem.get": {
        const note = this.#see(by, args.id);
        return note ? has({ id: note.id, version: note.version, content: note.content }) : noNote(args.id);
      }
      case "mem.update": {
        const note = this.#see(by, args.id);
        if (!note) return noNote(args.id);
        const refused = this.#readOnly(by, note.namespace);
        if (refused) return refused;
        note.content = args.content as string;
        return is({ version: ++note.version });
      }
      case "mem.remove": {
        const note = this.#see(by, args.id);
        if (!note) return is({ removed: false });
        const refused = this.#readOnly(by, note.namespace);
        if (refused) return refused;
        note.version++;
        note.isRemoved = true;
        return is({ removed: true });
      }
      case "mem.link":
      case "mem.unlink":
        return this.#linked(by, name, args);
      case "mem.graph": {
        const root = this.#see(by, args.id);
        if (!root) return noNote(args.id);
        const near = new Map([[root.id, root]]);
        let edge = [root];
        for (let depth = 0; depth < 5; depth++) {
          edge = edge.flatMap(({ links }) => [...links].flatMap((to) => this.#see(by, to) ?? []));
          for (const note of edge) near.set(note.id, note);
        }
        return lists("notes", [...near.keys()]);
      }
      case "mem.history": {
        const note = this.#see(by, args.id, { removed: true });
        if (!note) return noNote(args.id);
        return (outcome) => {
          const { versions } = JSON.parse(outcome) as { versions: { version: number; isRemoved: boolean }[] };
          const isSo = versions.length === note.version && versions[0]?.isRemoved === note.isRemoved;
          return isSo ? undefined : `${note.version} versions`;
        };
      }
      case "mem.search":
      case "mem.export": {
        const wanted = args.namespaces ?? undefined;
        const refused = wanted && this.#noPlace(by, wanted[0] as string);
        if (refused) return refused;
        const seen = this.#seen(by).filter(({ namespace }) => wanted === undefined || wanted.includes(namespace));
        if (name === "mem.export")
          return lists(
            "notes",
            seen.map(({ id }) => id),
          );
        const found = seen
          .filter(({ content, tags }) => [...tags, content].join(" ").includes(args.query))
          .map(({ id }) => id);
        return args.by === "words"
          ? lists("hits", found)
          : within(
              "hits",
              seen.map(({ id }) => id),
              found,
            );
      }
      case "mem.forget":
        return this.#forgotten(by, args);
      case "mem.verify":
        if (by.own) return refusal("EACCES mem.verify is administrative and never allowed under a process key");
        if (by.tenant !== "local") return refusal("EACCES the index of notes is compared with the home's own key");
        return has({
          notes: [...this.notes.values()].filter(({ isRemoved }) => !isRemoved).length,
          missing: [],
          orphaned: [],
        });
      case "mem.usage": {
        const refused = args.namespaces && this.#noPlace(by, args.namespaces[0] as string);
        return refused ?? this.#used(by, args.namespaces);
      }
      case "group.create":
      case "group.add":
      case "group.remove":
      case "group.share":
      case "group.list":
      case "group.delete":
        return this.#grouped(operation);
    }
  }

  #linked(by: Actor, name: "mem.link" | "mem.unlink", { from, to }: { from: string; to: string }): Verdict {
    if (from === to) return refusal(`EINVAL a note is not linked with itself (${from})`);
    const [one, other] = [this.#see(by, from), this.#see(by, to)];
    if (!one) return noNote(from);
    if (!other) return noNote(to);
    const refused = this.#readOnly(by, one.namespace) ?? this.#readOnly(by, other.namespace);
    if (refused) return refused;
    if (one.namespace !== other.namespace)
      return refusal(`EINVAL ${from} is of ${one.namespace}, ${to} of ${other.namespace}: notes are linked within one`);
    const wasLinked = one.links.has(to) || other.links.has(from);
    if (name === "mem.unlink" && !wasLinked) return is({ unlinked: false });
    for (const [note, id] of [
      [one, to],
      [other, from],
    ] as const) {
      note.version++;
      if (name === "mem.link") note.links.add(id);
      else note.links.delete(id);
    }
    return is(name === "mem.link" ? {} : { unlinked: true });
  }

  #forgotten(by: Actor, { ids, tags, namespaces }: ArgsOf<"mem.forget">): Verdict {
    const refused = namespaces && this.#noPlace(by, namespaces[0] as string);
    if (refused) return refused;
    const isWanted = (note: RuleNote): boolean => {
      if (ids) return ids.includes(note.id);
      if (!tags?.every((tag) => note.tags.includes(tag)) || note.isRemoved) return false;
      return namespaces ? namespaces.includes(note.namespace) : this.#accessTo(by, note.namespace) === "write";
    };
    const gone = this.#seen(by, { removed: true }).filter(isWanted);
    const held = gone.filter(({ namespace }) => this.#accessTo(by, namespace) === "read");
    if (held.length > 0)
      return (outcome, _ids) =>
        held.some(({ namespace }) => outcome.startsWith(readOnly(namespace))) ? undefined : "read only";
    for (const { id } of gone) this.notes.delete(id);
    const around = new Set(gone.flatMap(({ links }) => [...links]));
    for (const note of this.notes.values()) {
      if (!around.has(note.id) || note.isRemoved) continue;
      const before = note.links.size;
      for (const { id } of gone) note.links.delete(id);
      if (note.links.size < before) note.version++;
    }
    return is({ forgotten: gone.length, more: false });
  }

  /** Of what is counted only its own. */
  #used(by: Actor, wanted: readonly string[] | undefined): Verdict {
    const counts = new Map<string, number>();
    for (const namespace of wanted ?? this.reach(by)?.keys() ?? []) counts.set(namespace, 0);
    for (const { namespace } of this.#seen(by))
      if (wanted?.includes(namespace) ?? true) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
    return (outcome) => {
      const told = JSON.parse(outcome) as { namespaces: { namespace: string; notes: number }[] };
      const isSo =
        told.namespaces.length === counts.size &&
        told.namespaces.every(({ namespace, notes }) => counts.get(namespace) === notes) &&
        "tenant" in told === (by.own === undefined);
      return isSo ? undefined : JSON.stringify([...counts]);
    };
  }

  #grouped({ by, name, args }: GroupOperation): Verdict {
    if (name === "group.list") {
      const own = [...this.#groups].filter(([key, members]) => {
        const isIn = by.own?.some((one) => (members.get(one)?.untilMs ?? 0) > this.#nowMs()) ?? true;
        return isIn && key.startsWith(`${by.tenant}/`);
      });
      const names = own.map(([key]) => key.slice(key.indexOf("/") + 1)).toSorted();
      return (outcome) => {
        const { groups } = JSON.parse(outcome) as { groups: { group: string }[] };
        return groups.map(({ group }) => group).join() === names.join() ? undefined : `groups ${names.join()}`;
      };
    }
    const { group } = args;
    const key = `${by.tenant}/${group}`;
    const members = this.#groups.get(key);
    const nowMs = this.#nowMs();
    if (by.own && name !== "group.share")
      return refusal(`EACCES ${name} is administrative and never allowed under a process key`);
    for (const [member, { untilMs }] of members ?? []) if (untilMs <= nowMs) members?.delete(member);
    switch (name) {
      case "group.create":
        if (!members) this.#groups.set(key, new Map());
        return is({ created: !members });
      case "group.delete":
        return is({ deleted: this.#groups.delete(key) });
      case "group.remove":
        return members ? is({ removed: members.delete(args.member) }) : noGroup(group);
      case "group.add": {
        if (!members) return noGroup(group);
        const { member, access = "write", shares = false, expiresInMs = Number.POSITIVE_INFINITY } = args;
        const added = !members.has(member);
        return (outcome) => {
          // Processes of other tenants are not there, whatever they are called.
          if (outcome.startsWith("ESRCH no process ") && member.startsWith("process:")) return undefined;
          members.set(member, { access, shares, untilMs: nowMs + expiresInMs });
          return is({ added })(outcome, []);
        };
      }
      case "group.share": {
        const { member = "", shares = true } = args;
        const isIn = members && (!by.own || by.own.some((own) => members.has(own)));
        if (!isIn) return noGroup(group);
        const entry = members.get(member);
        if (!entry) return refusal(`ENOENT ${member} is not in the group ${group}`);
        members.set(member, { ...entry, shares });
        return is({});
      }
    }
  }

  #noPlace(by: Actor, namespace: string): Verdict | undefined {
    const reach = this.reach(by);
    if (!reach || reach.has(namespace)) return undefined;
    return (outcome) => {
      const [told, hint = ""] = outcome.split(" → there are ");
      const isSo = told === `ENOENT there is no namespace ${namespace}`;
      const there = hint.split(", ");
      return isSo && there.length === reach.size && there.every((one) => reach.has(one))
        ? undefined
        : `no namespace ${namespace}, but ${[...reach.keys()].join(", ")}`;
    };
  }

  #readOnly(by: Actor, namespace: string): Verdict | undefined {
    return this.#accessTo(by, namespace) === "read" ? refusal(readOnly(namespace)) : undefined;
  }
}

const readOnly = (namespace: string): string => `EACCES notes of ${namespace} can be read here, and not changed`;
const refusal =
  (text: string): Verdict =>
  (outcome) =>
    outcome.startsWith(`${text} →`) ? undefined : text;
const noNote = (id: string): Verdict => refusal(`ENOENT there is no note ${id}`);
const noGroup = (name: string): Verdict => refusal(`ENOENT there is no group ${name}`);
const is =
  (result: object): Verdict =>
  (outcome) =>
    outcome === JSON.stringify(result) ? undefined : JSON.stringify(result);
const has =
  (part: Readonly<Record<string, unknown>>): Verdict =>
  (outcome) => {
    if (/^[A-Z]/.test(outcome)) return JSON.stringify(part);
    const result = JSON.parse(outcome) as Readonly<Record<string, unknown>>;
    const isSo = Object.entries(part).every(([key, value]) => JSON.stringify(result[key]) === JSON.stringify(value));
    return isSo ? undefined : JSON.stringify(part);
  };

const idsIn = (list: "notes" | "hits", outcome: string): string[] => {
  if (/^[A-Z]/.test(outcome)) return [outcome];
  const result = JSON.parse(outcome) as { notes: { id: string }[]; hits: { note: { id: string } }[] };
  return list === "notes" ? result.notes.map(({ id }) => id) : result.hits.map(({ note }) => note.id);
};
const lists =
  (list: "notes" | "hits", ids: readonly string[]): Verdict =>
  (outcome) => {
    const told = idsIn(list, outcome);
    return told.toSorted().join() === ids.toSorted().join() ? undefined : `${list} ${ids.join()}`;
  };
/** At least these, and none but those. */
const within =
  (list: "hits", all: readonly string[], least: readonly string[]): Verdict =>
  (outcome) => {
    const told = idsIn(list, outcome);
    const isSo = told.every((id) => all.includes(id)) && least.every((id) => told.includes(id));
    return isSo ? undefined : `${list} ${least.join()} of ${all.join()}`;
  };
