// Two clients that keep notes, and know at any time which there are, in which version, and what each links to: nobody else
// writes in their namespaces.
import type { Note } from "@aiosjs/sdk/protocol";

/** A note as its keeper was told of it. */
export interface KnownNote {
  readonly id: string;
  readonly content: string;
  readonly version: number;
  readonly links: ReadonlySet<string>;
  readonly isRemoved: boolean;
}

/** All that a client kept, as far as it was acknowledged. */
export interface KeptNotes {
  /** Known when the first note is. */
  namespace: string | undefined;
  readonly known: Map<string, KnownNote>;
  readonly forgotten: Set<string>;
  /** What is under way: it may have happened. */
  open: { readonly adds: readonly string[]; readonly erases: readonly string[] } | undefined;
}

/** Makes a call until it is answered. @throws Error when it is refused for good. */
type Insist = (syscall: string, args: object) => Promise<{ result: Record<string, unknown> }>;

export const keptNotes = (): KeptNotes => ({
  namespace: undefined,
  known: new Map(),
  forgotten: new Set(),
  open: undefined,
});

export class Keeper {
  readonly #name: string;
  readonly #kept: KeptNotes;
  readonly #insist: Insist;
  readonly faults: string[];

  constructor(name: string, { kept, insist, faults }: { kept: KeptNotes; insist: Insist; faults: string[] }) {
    this.#name = name;
    this.#kept = kept;
    this.#insist = insist;
    this.faults = faults;
  }

  /** One thing after the other, over and over. */
  async turn(number: number): Promise<void> {
    await this.#act(number);
    this.#kept.open = undefined;
  }

  async #act(number: number): Promise<void> {
    const word = `${this.#name}x${number}`;
    const [oldest, older, newer, newest] = this.#some();
    switch (number % 12) {
      case 1:
        return this.#add(`${word}: what a model says of the lamp in the hall`, { build: "model" });
      case 3:
        return newest && newer ? this.#link(newest.id, newer.id, `by ${word}`) : undefined;
      case 4:
        return newest ? this.#update(newest.id, `${word}: the lamp in the hall was moved`) : undefined;
      case 5:
        return older ? this.#forget([older.id]) : undefined;
      case 6:
        return newest && newer ? this.#import([newest.id, newer.id], word) : undefined;
      case 7:
        return newer ? this.#remove(newer.id) : undefined;
      case 8:
        return newest ? this.#search(newest) : undefined;
      case 9:
        return newest && oldest ? this.#link(oldest.id, newest.id, `by ${word}`) : undefined;
      case 10:
        return this.#forgetRemoved();
      case 11:
        return newest && oldest ? this.#unlink(oldest.id, newest.id) : undefined;
      default:
        return this.#add(`${word}: a lamp stands in the hall`, {});
    }
  }

  /** The oldest, one in the middle, the last but one and the last, of those that are there. */
  #some(): (KnownNote | undefined)[] {
    const there = [...this.#kept.known.values()].filter(({ isRemoved }) => !isRemoved);
    if (there.length < 3) return [];
    return [there[0], there[there.length >> 1], there.at(-2), there.at(-1)];
  }

  async #told(
    syscall: string,
    args: object,
    { adds = [], erases = [] }: { adds?: readonly string[]; erases?: readonly string[] } = {},
  ): Promise<Record<string, unknown>> {
    this.#kept.open = { adds, erases };
    return (await this.#insist(syscall, args)).result;
  }

  #change(id: string, change: Partial<KnownNote> = {}): void {
    const note = this.#kept.known.get(id);
    if (note) this.#kept.known.set(id, { ...note, version: note.version + 1, ...change });
    else this.faults.push(`${this.#name} was told of ${id}, which it does not keep`);
  }

  #join(one: string, other: string): void {
    for (const [id, to] of [
      [one, other],
      [other, one],
    ] as const)
      this.#change(id, { links: new Set([...(this.#kept.known.get(id)?.links ?? []), to]) });
  }

  #part(id: string, to: ReadonlySet<string>): void {
    const links = this.#kept.known.get(id)?.links ?? new Set<string>();
    this.#change(id, { links: links.difference(to) });
  }

  async #add(content: string, how: object): Promise<void> {
    const told = await this.#told("mem.add", { content, ...how }, { adds: [content] });
    const [id, evolved] = [String(told["id"]), told["evolved"] as string[]];
    // What it is linked to, and in which namespace it is, only the note says.
    const note = await this.#get(id);
    this.#kept.namespace = note.namespace;
    const links = new Set(note.links.map(({ to }) => to));
    this.#kept.known.set(id, { id, content, version: 1, links, isRemoved: false });
    for (const other of evolved)
      if (links.has(other))
        this.#change(other, { links: new Set([...(this.#kept.known.get(other)?.links ?? []), id]) });
      else this.#change(other);
  }

  async #get(id: string): Promise<Note> {
    const { result } = await this.#insist("mem.get", { id });
    return result as unknown as Note;
  }

  async #update(id: string, content: string): Promise<void> {
    await this.#told("mem.update", { id, content });
    this.#change(id, { content });
  }

  async #link(from: string, to: string, why: string): Promise<void> {
    await this.#told("mem.link", { from, to, why });
    this.#join(from, to);
  }

  async #unlink(from: string, to: string): Promise<void> {
    const { unlinked } = await this.#told("mem.unlink", { from, to });
    if (unlinked !== true) return;
    this.#part(from, new Set([to]));
    this.#part(to, new Set([from]));
  }

  async #remove(id: string): Promise<void> {
    await this.#told("mem.remove", { id });
    this.#change(id, { isRemoved: true });
  }

  async #forgetRemoved(): Promise<void> {
    const removed = [...this.#kept.known.values()].find(({ isRemoved }) => isRemoved);
    if (removed) await this.#forget([removed.id]);
  }

  async #forget(ids: readonly string[]): Promise<void> {
    const { forgotten } = await this.#told("mem.forget", { ids }, { erases: ids });
    if (forgotten !== ids.length) this.faults.push(`${this.#name} forgot ${String(forgotten)} of ${ids.join(", ")}`);
    const gone = new Set(ids);
    for (const id of ids) {
      this.#kept.known.delete(id);
      this.#kept.forgotten.add(id);
    }
    for (const { id, links, isRemoved } of this.#kept.known.values())
      if (!isRemoved && !links.isDisjointFrom(gone)) this.#part(id, gone);
  }

  /** Two that may be linked, from one page of an export to new ones. */
  async #import(ids: readonly string[], word: string): Promise<void> {
    const notes = (await Promise.all(ids.map((id) => this.#get(id)))).map((note, at) => ({
      ...note,
      content: `${word}: copy ${at} of ${note.id}`,
    }));
    const contents = notes.map(({ content }) => content);
    const told = await this.#told("mem.import", { notes }, { adds: contents });
    const is = new Map((told["ids"] as { was: string; is: string }[]).map((pair) => [pair.was, pair.is]));
    for (const { id: was, content, links } of notes) {
      const id = is.get(was) as string;
      const kept = new Set(links.flatMap(({ to }) => is.get(to) ?? []));
      this.#kept.known.set(id, { id, content, version: 1, links: kept, isRemoved: false });
    }
  }

  /** What was acknowledged is found, and what is gone is not. */
  async #search({ id, content }: KnownNote): Promise<void> {
    const [query = ""] = content.split(":");
    const { result } = await this.#insist("mem.search", { query, limit: 100, links: 20 });
    const hits = (result["hits"] as { note: Note }[]).map(({ note }) => note);
    if (!hits.some((note) => note.id === id)) this.faults.push(`${this.#name} does not find ${id} by ${query}`);
    for (const hit of hits)
      if (this.#kept.forgotten.has(hit.id) || this.#kept.known.get(hit.id)?.isRemoved)
        this.faults.push(`${this.#name} finds ${hit.id}, which is gone`);
  }
}
