import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { FacetFilter, Findable, FindQuery } from "../../kernel/ports.ts";
import { wholeTerm } from "../../kernel/ports.ts";

/** A space as the file knows it. */
export interface Space {
  readonly number: number;
  readonly name: string;
  readonly texts: number;
  /** Words in all its texts. */
  readonly length: number;
}

/** What is held under an id. */
export interface HeldText {
  readonly row: number;
  readonly space: number;
  readonly version: number;
  readonly length: number;
  readonly terms: readonly string[];
  readonly facets: Findable["facets"];
}

/** The texts, with what they are narrowed by. Its methods write inside the caller's transaction. */
export class TextRows {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  held(id: string): HeldText | undefined {
    const found = this.#sql("select row, space, version, length, terms, facets from texts where id = ?").get(id);
    if (found === undefined) return undefined;
    return {
      row: Number(found["row"]),
      space: Number(found["space"]),
      version: Number(found["version"]),
      length: Number(found["length"]),
      terms: JSON.parse(String(found["terms"])) as string[],
      facets: JSON.parse(String(found["facets"])) as Findable["facets"],
    };
  }

  /** The number of a space, which is made where there is none. */
  spaceNumber(name: string): number {
    this.#sql("insert into spaces (name) values (?) on conflict do nothing").run(name);
    return Number(this.#sql("select number from spaces where name = ?").get(name)?.["number"]);
  }

  /** A row that no text has. */
  nextRow(): number {
    return Number(this.#sql("select coalesce(max(row), 0) + 1 as next from texts").get()?.["next"]);
  }

  insert({ id, version, text, terms, facets }: Findable, at: { row: number; space: number; length: number }): void {
    const { row, space, length } = at;
    const whole = [...new Set(terms.map(wholeTerm))];
    this.#sql(
      "insert into texts (row, id, space, version, text, terms, facets, length) values (?, ?, ?, ?, ?, ?, ?, ?)",
    ).run(row, id, space, version, text, JSON.stringify(terms), JSON.stringify(facets), length);
    for (const term of whole) this.#sql("insert into terms (space, term, row) values (?, ?, ?)").run(space, term, row);
    for (const [facet, value] of Object.entries(facets)) {
      this.#sql("insert into facets (space, facet, value, row) values (?, ?, ?, ?)").run(space, facet, value, row);
    }
    this.#sql("update spaces set texts = texts + 1, length = length + ? where number = ?").run(length, space);
  }

  remove({ row, space, length, terms, facets }: HeldText): void {
    this.#sql("delete from texts where row = ?").run(row);
    for (const term of terms) {
      this.#sql("delete from terms where space = ? and term = ? and row = ?").run(space, wholeTerm(term), row);
    }
    for (const [facet, value] of Object.entries(facets)) {
      const values = [space, facet, value, row];
      this.#sql("delete from facets where space = ? and facet = ? and value = ? and row = ?").run(...values);
    }
    this.#sql("update spaces set texts = texts - 1, length = length - ? where number = ?").run(length, space);
    this.#sql("delete from spaces where number = ? and texts = 0").run(space);
  }

  /** The text has so many words now. */
  setLength({ row, space, length }: HeldText, now: number): void {
    this.#sql("update texts set length = ? where row = ?").run(now, row);
    this.#sql("update spaces set length = length + ? where number = ?").run(now - length, space);
  }

  count(): number {
    return Number(this.#sql("select count(*) as texts from texts").get()?.["texts"]);
  }

  /** Those of the named spaces that hold something. */
  spaces(names: readonly string[]): readonly Space[] {
    return [...new Set(names)].flatMap((name) => {
      const found = this.#sql("select number, texts, length from spaces where name = ?").get(name);
      if (found === undefined) return [];
      return { name, number: Number(found["number"]), texts: Number(found["texts"]), length: Number(found["length"]) };
    });
  }

  /** The rows that have all terms and pass all filters; undefined where nothing narrows. */
  narrowed({ terms = [], filters = [] }: FindQuery, spaces: readonly Space[]): ReadonlySet<number> | undefined {
    const among = `space in (${spaces.map(({ number }) => number).join(", ")})`;
    let rows: Set<number> | undefined;
    const narrow = (table: string, condition: string, values: readonly SQLInputValue[]): void => {
      // As one text: a row each would cost three times as much.
      const text = `select json_group_array(row) as rows from ${table} where ${among} and ${condition}`;
      const found = new Set(JSON.parse(String(this.#db.prepare(text).get(...values)?.["rows"])) as number[]);
      rows = rows === undefined ? found : rows.intersection(found);
    };
    for (const term of terms) narrow("terms", "term = ?", [wholeTerm(term)]);
    for (const filter of filters) {
      const { condition, bound } = conditionOf(filter);
      narrow("facets", `facet = ? and ${condition}`, [filter.facet, ...bound]);
    }
    return rows;
  }

  idsOf(rows: ReadonlySet<number>): ReadonlySet<string> {
    const text = "select json_group_array(id) as ids from texts where row in (select value from json_each(?))";
    return new Set(JSON.parse(String(this.#sql(text).get(JSON.stringify([...rows]))?.["ids"])) as string[]);
  }

  /** Those of the rows whose texts or terms have the phrase in them. */
  holding(phrase: string, rows: readonly number[]): readonly number[] {
    const asked = plain(phrase);
    const found = this.#sql("select row, text, terms from texts where row in (select value from json_each(?))");
    const isIn = (one: string): boolean => one.toLowerCase().includes(asked) || plain(one).includes(asked);
    const holds = ({ text, terms }: Record<string, unknown>): boolean =>
      isIn(String(text)) || (JSON.parse(String(terms)) as string[]).some(isIn);
    const held: number[] = [];
    for (const each of found.iterate(JSON.stringify(rows))) if (holds(each)) held.push(Number(each["row"]));
    return held;
  }

  /** All rows of the documents that these rows are of. */
  ofSameDocuments(rows: readonly number[], documents: string | undefined): ReadonlySet<number> {
    const own = new Set(rows);
    if (documents === undefined) return own;
    const text = `
      select json_group_array(facets.row) as rows from texts join facets
        on facets.space = texts.space and facet = ?1 and value = json_extract(texts.facets, '$."' || ?1 || '"')
      where texts.row in (select value from json_each(?2))`;
    const all = JSON.parse(String(this.#sql(text).get(documents, JSON.stringify(rows))?.["rows"])) as number[];
    return own.union(new Set(all));
  }

  /** The document that each is of: itself, where it has no such facet. */
  documentsOf(ids: readonly string[], documents: string): ReadonlyMap<string, string> {
    const text = `
      select id, space || char(10) || json_extract(facets, '$."' || ?1 || '"') as document from texts
      where id in (select value from json_each(?2))`;
    const found = this.#sql(text).all(documents, JSON.stringify(ids));
    return new Map(found.map(({ id, document }) => [String(id), String(document ?? id)]));
  }

  idOf(row: number): string {
    return String(this.#sql("select id from texts where row = ?").get(row)?.["id"]);
  }

  texts(ids: readonly string[]): ReadonlyMap<string, string> {
    const rows = this.#sql("select id, text from texts where id in (select value from json_each(?))").all(
      JSON.stringify(ids),
    );
    return new Map(rows.map(({ id, text }) => [String(id), String(text)]));
  }

  versions(after: string | undefined, limit: number): { id: string; version: number }[] {
    const rows =
      after === undefined
        ? this.#sql("select id, version from texts order by id limit ?").all(limit)
        : this.#sql("select id, version from texts where id > ? order by id limit ?").all(after, limit);
    return rows.map(({ id, version }) => ({ id: String(id), version: Number(version) }));
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}

/** Numbers and texts are never equal, and every text is greater than every number: bounds are met by numbers alone. */
function conditionOf(filter: FacetFilter): { condition: string; bound: SQLInputValue[] } {
  if ("isOneOf" in filter) {
    return { condition: `value in (${filter.isOneOf.map(() => "?").join(", ")})`, bound: [...filter.isOneOf] };
  }
  if ("isWithin" in filter) {
    // "0" is the character after "/".
    const bound = filter.isWithin.flatMap((path) => [path, `${path}/`, `${path}0`]);
    const each = filter.isWithin.map(() => "value = ? or value > ? and value < ?");
    return { condition: `(${each.join(" or ") || "false"})`, bound };
  }
  const { from = -Infinity, to = Infinity } = filter;
  return { condition: "value between ? and ?", bound: [from, to] };
}

/** As phrases are compared. */
const plain = (text: string): string => text.normalize("NFKC").toLowerCase().replaceAll(/\s+/g, " ");
