import { SysError } from "@aiosjs/sdk/protocol";
import type { ParsedArgsOf } from "@aiosjs/sdk/protocol";
import { MAX_KEY } from "./devices/value.ts";
import { unknownLabel } from "./gate/label.ts";
import { given } from "./given.ts";
import type { Parts } from "./parts.ts";
import type { CallRow, Holder, Holding, JournalRecord } from "./ports.ts";
import { recordedCalls } from "./recorded-calls.ts";

const PAGE = 1_000;

/** What a call did to a value of its process's own. */
interface Write {
  readonly key: string;
  /** Absent: it was removed, or the journal does not hold it any more. */
  readonly value?: unknown;
  readonly is: "put" | "removed" | "lost";
}

interface ValuesAt {
  readonly values: ReadonlyMap<string, unknown>;
  /** Keys that later calls have written. */
  readonly changed: ReadonlySet<string>;
}

/**
 * A process's own values, as something that it holds: the calls that wrote them are on record, and tell what they were. What
 * somebody else wrote there is known as it is now.
 */
export function createValueHolding(
  parts: Pick<Parts, "journal" | "outbox" | "values" | "clock" | "processes">,
): Holding {
  const record = (of: Holder, key: string, kept: { value: unknown } | undefined): JournalRecord => {
    const place = { tenant: of.tenant, scope: scopeOf(of), key };
    const isRemoved = kept === undefined;
    const version = parts.values.next(place, { isRemoved });
    const atMs = parts.clock.nowMs();
    // Who holds it has seen all that was ever in it.
    const label = parts.processes.get(of.pid)?.seen ?? unknownLabel;
    return { kind: "value", row: { ...place, value: kept?.value ?? null, version, label, atMs, isRemoved } };
  };
  return {
    name: "values",
    isHeldBy: async (of) => (await parts.journal.values({ ...shelfOf(of), limit: 1 })).length > 0,
    async *export(of, { seq }, after = "") {
      const { values } = await valuesAt(parts, of, seq);
      for (const key of [...values.keys()].toSorted())
        if (key > after) yield { place: key, body: { key, value: values.get(key) } };
    },
    import: (to, bodies) => Promise.resolve(bodies.map((body) => record(to, ...checkedValue(body)))),
    copyTo: async (to, from, { seq }) => {
      const { values } = await valuesAt(parts, from, seq);
      return [...values].map(([key, value]) => record(to, key, { value }));
    },
    checkBack: async (of, seq) => void (await valuesAt(parts, of, seq)),
    backTo: async (of, seq) => {
      const { values, changed } = await valuesAt(parts, of, seq);
      return [...changed].map((key) => record(of, key, values.has(key) ? { value: values.get(key) } : undefined));
    },
    drop: () => Promise.resolve(),
  };
}

const scopeOf = ({ pid }: Holder): string => `process:${pid}`;
const shelfOf = (of: Holder): { tenant: Holder["tenant"]; scope: string } => ({
  tenant: of.tenant,
  scope: scopeOf(of),
});

async function valuesAt(parts: Pick<Parts, "journal" | "outbox">, of: Holder, seq: number): Promise<ValuesAt> {
  await parts.outbox.flushed();
  // Read before the calls: what is written meanwhile is among those.
  const values = new Map<string, unknown>();
  for (let afterKey: string | undefined; ;) {
    const page = await parts.journal.values({ ...shelfOf(of), afterKey, limit: PAGE });
    for (const { key, value } of page) values.set(key, value);
    afterKey = page.at(-1)?.key;
    if (page.length < PAGE) break;
  }
  const last = new Map<string, Write & { readonly completion: number }>();
  const changed = new Set<string>();
  let isLater = false;
  for await (const row of recordedCalls(parts, of)) {
    // What a call makes on its way comes after it, and before the program's next one.
    isLater ||= row.seq > seq && row.replayKey !== null;
    const write = writeOf(row, of);
    if (!write) continue;
    const completion = row.completion ?? 0;
    if (isLater) changed.add(write.key);
    else if (row.state === "done" && (last.get(write.key)?.completion ?? -1) < completion)
      last.set(write.key, { ...write, completion });
  }
  for (const key of changed) {
    const write = last.get(key);
    if (write?.is === "lost")
      throw new SysError("ESTALE", `the journal does not hold any more what the value ${JSON.stringify(key)} was`, {
        hint: "name a later call; journal.keepMb says how much is kept",
      });
    if (write?.is === "put") values.set(key, write.value);
    else values.delete(key);
  }
  return { values, changed };
}

function writeOf({ name, state, request, error }: CallRow, of: Holder): Write | undefined {
  if ((name !== "value.put" && name !== "value.remove") || error || (state !== "done" && state !== "undone"))
    return undefined;
  const { scope, key, value } = (request ?? {}) as Partial<ParsedArgsOf<"value.put">>;
  if (key === undefined || (scope !== undefined && scope !== scopeOf(of))) return undefined;
  if (name === "value.remove") return { key, is: "removed" };
  return value === undefined ? { key, is: "lost" } : { key, is: "put", value };
}

/** A value as somebody sent it. */
function checkedValue(body: unknown): [key: string, kept: { value: unknown }] {
  const { key, value } = (typeof body === "object" && body !== null ? body : {}) as { key?: unknown; value?: unknown };
  if (typeof key !== "string" || key === "" || key.length > MAX_KEY)
    throw new SysError("EINVAL", "a value of the snapshot has no key, or too long a one", {
      hint: "the snapshot was not made by aios snapshot",
    });
  return [key, { value: given(value, "the value").copy }];
}
