import { isTree } from "./predecessor.ts";
import type { Predecessor } from "./predecessor.ts";

/** A predecessor's configuration in our words. */
export interface Translation {
  readonly from: Predecessor;
  /** For config.yaml; holds no secret. */
  readonly config: Record<string, unknown>;
  /** What the configuration refers to and what stood in the file as a key: the variables that have to be set. */
  readonly variables: readonly string[];
  readonly mapped: readonly { readonly from: string; readonly to: string }[];
  readonly unmapped: readonly { readonly key: string; readonly reason: string }[];
}

/** Collects a translation key by key; what nobody mapped is reported at the end, so that nothing is lost unsaid. */
export class Translator {
  readonly config: Record<string, unknown> = {};
  readonly #mapped: { from: string; to: string }[] = [];
  readonly #unmapped: { key: string; reason: string }[] = [];
  readonly #leaves: ReadonlyMap<string, unknown>;
  readonly #told = new Set<string>();
  /** Values stay in here: they only tell whether two keys are the same one. */
  readonly #variables = new Map<string, string>();

  constructor(tree: unknown) {
    this.#leaves = new Map(leavesOf(tree, ""));
  }

  at(key: string): unknown {
    return this.#leaves.get(key);
  }

  /** Sets one of our keys. */
  set(key: string, value: unknown): void {
    const words = key.split(".");
    let at = this.config;
    for (const word of words.slice(0, -1)) at = (isTree(at[word]) ? at[word] : (at[word] = {})) as typeof at;
    at[words.at(-1) as string] = value;
  }

  /** Sets one of our keys from one of theirs. */
  map(from: string, to: string, value: unknown): void {
    this.#told.add(from);
    this.set(to, value);
    this.#mapped.push({ from, to: `${to}: ${typeof value === "string" ? value : JSON.stringify(value)}` });
  }

  /** Notes where a value went that is not one key of ours. */
  moved(from: string, to: string): void {
    this.#told.add(from);
    this.#mapped.push({ from, to });
  }

  /** Something refers to this variable, whoever sets it: no key of the file may take its name. */
  refer(name: string): void {
    if (!this.#variables.has(name)) this.#variables.set(name, "");
  }

  /**
   * A secret is not taken along: a reference to a variable stands in its place, `name` or, where that means another
   * key already, one like it. Returns the variable's name.
   */
  secret(from: string, name: string, value: string): string {
    const same = [...this.#variables].find(([, known]) => known === value)?.[0];
    let variable = same ?? name;
    for (let count = 2; same === undefined && this.#variables.has(variable); count++)
      variable = name.replace(/(_API_KEY|_TOKEN|)$/, (end) => `_${count}${end}`);
    this.#variables.set(variable, value);
    this.moved(from, `env:${variable}`);
    return variable;
  }

  drop(key: string, reason: string): void {
    this.#told.add(key);
    this.#unmapped.push({ key, reason });
  }

  end(from: Predecessor, reasonOf: (key: string) => string): Translation {
    for (const [key, value] of this.#leaves)
      if (!this.#told.has(key) && value !== "" && value !== null) this.drop(key, reasonOf(key));
    return {
      from,
      config: this.config,
      variables: [...this.#variables.keys()],
      mapped: this.#mapped,
      unmapped: this.#unmapped,
    };
  }
}

/** Scalars and empty tables by their dotted key; list elements by their number. */
function* leavesOf(value: unknown, prefix: string): Generator<[string, unknown]> {
  const entries = Array.isArray(value) ? [...value.entries()] : isTree(value) ? Object.entries(value) : [];
  if (entries.length === 0) {
    if (prefix !== "") yield [prefix, value];
    return;
  }
  for (const [name, child] of entries) yield* leavesOf(child, prefix === "" ? String(name) : `${prefix}.${name}`);
}
