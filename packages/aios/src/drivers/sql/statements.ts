import type { EngineStatement, SqlEngine } from "./engine.ts";
import { FaultError } from "./fault.ts";
import type { SqlOutcome, SqlRow, SqlStatement, SqlValue } from "./port.ts";
import { toPositional } from "./positional.ts";
import type { Positional } from "./positional.ts";

/** Texts kept prepared; those that callers put together may be many. */
const MAX_PREPARED = 500;

interface Prepared extends Positional {
  readonly statement: EngineStatement;
}

/** The port's statements on an engine's connection, prepared once per text. */
export class Statements {
  readonly #engine: SqlEngine;
  readonly #prepared = new Map<string, Prepared>();

  constructor(engine: SqlEngine) {
    this.#engine = engine;
  }

  rows({ text, values = [] }: SqlStatement): SqlRow[] {
    const prepared = this.#prepare(text);
    return prepared.statement.all(...bound(prepared, values));
  }

  run({ text, values = [], mustChange }: SqlStatement): SqlOutcome {
    const prepared = this.#prepare(text);
    const placed = bound(prepared, values);
    const rows = prepared.isReturning ? prepared.statement.all(...placed) : [];
    const changes = prepared.isReturning ? rows.length : Number(prepared.statement.run(...placed).changes);
    if (mustChange !== undefined && changes !== mustChange) {
      const message = `${changes} rows were changed where ${mustChange} had to be: ${text}`;
      throw new FaultError({ kind: "fenced", message });
    }
    return { changes, rows };
  }

  #prepare(text: string): Prepared {
    const known = this.#prepared.get(text);
    if (known !== undefined) return known;
    if (this.#prepared.size === MAX_PREPARED) this.#prepared.clear();
    const positional = toPositional(text);
    const prepared = { ...positional, statement: this.#engine.prepare(positional.text) };
    this.#prepared.set(text, prepared);
    return prepared;
  }
}

/** Missing values would be null to one library, an error to another. */
function bound({ order, count, text }: Prepared, values: readonly SqlValue[]): readonly SqlValue[] {
  if (values.length !== count) {
    const message = `${values.length} values for the ${count} of ${text}`;
    throw new FaultError({ kind: "refused", message });
  }
  return order === undefined ? values : order.map((index) => values[index] ?? null);
}
