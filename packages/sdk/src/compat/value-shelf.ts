import type { Client } from "../client.ts";
import { isSysError } from "../errors.ts";

const PAGE = 1_000;

/** The part of a client that stores need: `createClient(transport)`, in process or over HTTP. */
export type ValueClient = Pick<Client, "value">;

interface RowsWanted {
  readonly after?: string | undefined;
  readonly contains?: string | undefined;
  readonly expected?: number | undefined;
}

/** Records of one kind, in one scope of a kernel. What a write resolved for is on disk. */
export class ValueShelf<Row> {
  readonly #client: ValueClient;
  readonly #scope: string;

  constructor(client: ValueClient, scope: string) {
    this.#client = client;
    this.#scope = scope;
  }

  async get(key: string): Promise<Row | undefined> {
    const { value, version } = await this.#client.value.get({ scope: this.#scope, key });
    return version === 0 ? undefined : (value as Row);
  }

  async put(key: string, row: Row): Promise<void> {
    await this.#client.value.put({ scope: this.#scope, key, value: row });
  }

  /** False when there is one already, which stays. */
  async add(key: string, row: Row): Promise<boolean> {
    try {
      await this.#client.value.put({ scope: this.#scope, key, value: row, ifVersion: 0 });
      return true;
    } catch (error) {
      if (isSysError(error) && error.code === "EEXIST") return false;
      throw error;
    }
  }

  /** Puts what `change` makes of the present row; again when somebody else was faster. Nothing is written for undefined. */
  async change(key: string, change: (row: Row | undefined) => Row | undefined): Promise<Row | undefined> {
    for (;;) {
      const place = { scope: this.#scope, key };
      const { value, version } = await this.#client.value.get(place);
      const row = change(version === 0 ? undefined : (value as Row));
      if (row === undefined) return undefined;
      try {
        await this.#client.value.put({ ...place, value: row, ifVersion: version });
        return row;
      } catch (error) {
        if (!isSysError(error) || (error.code !== "ESTALE" && error.code !== "EEXIST")) throw error;
      }
    }
  }

  /** False when there was none. */
  async remove(key: string): Promise<boolean> {
    const { removed } = await this.#client.value.remove({ scope: this.#scope, key });
    return removed;
  }

  /** Removes what `isWanted`, behind `after`; returns how much. */
  async sweep(isWanted: (row: Row) => boolean, after?: string): Promise<number> {
    let count = 0;
    for await (const page of this.#pages({ after, limit: PAGE })) {
      const keys = page.filter(({ value }) => isWanted(value as Row)).map(({ key }) => key);
      const removed = await Promise.all(keys.map((key) => this.remove(key)));
      count += removed.filter(Boolean).length;
    }
    return count;
  }

  /** In order of the keys, and of these that `contains` only; `expected` is a guess of how many will be read. */
  async *rows({ after, contains, expected = PAGE }: RowsWanted = {}): AsyncGenerator<Row> {
    const limit = Math.min(PAGE, Math.max(1, expected));
    for await (const page of this.#pages({ after, contains, limit })) for (const { value } of page) yield value as Row;
  }

  async *#pages({ after, contains, limit }: RowsWanted & { limit: number }) {
    let next: string | null | undefined = after;
    for (let size = limit; next !== null; size = Math.min(PAGE, 2 * size)) {
      const place = { scope: this.#scope, limit: size, ...(contains === undefined ? {} : { contains }) };
      const page = await this.#client.value.list(next === undefined ? place : { ...place, after: next });
      yield page.values;
      ({ next } = page);
    }
  }
}
