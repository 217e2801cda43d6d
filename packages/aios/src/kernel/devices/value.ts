import { asPid, SysError } from "@aiosjs/sdk/protocol";
import type { ResultOf } from "@aiosjs/sdk/protocol";
import type { KernelCall, KernelDevice } from "./device.ts";
import { spokenBy } from "../gate/speaker.ts";
import { given } from "../given.ts";
import type { ValuePlace } from "../value-versions.ts";

export const MAX_KEY = 512;
/** Values that are read from the journal at a time, of up to a megabyte each. */
const PAGE = 64;
/** Characters of values on one page, beyond which it holds no further one. */
const MAX_PAGE_CHARS = 8 * 1_048_576;
const OWN = "process:";

type ValueName = `value.${"get" | "list" | "put" | "remove"}`;

/**
 * Values that programs keep. A write is one commit with the call's result: it happens once, or not at all. Reads go to the
 * journal: what a writer was told of is there.
 */
export const valueDevice: KernelDevice<ValueName> = {
  "value.put": ({ scope, key, value, ifVersion }, call) => {
    const place = placeOf({ scope, key }, call);
    const kept = { value: given(value, "the value").copy, isRemoved: false };
    if (ifVersion === undefined) return { version: record(place, kept, call) };
    return call.parts.values.compare(place, (current) => {
      checkVersion(place, current, ifVersion);
      return { version: record(place, kept, call) };
    });
  },

  "value.get": async ({ scope, key }, call) => {
    const place = placeOf({ scope, key }, call);
    const [row] = await call.parts.journal.values({ ...place, limit: 1 });
    if (!row) return { value: null, version: 0, atMs: 0 };
    call.record.see(row.label);
    return { value: row.value, version: row.version, atMs: row.atMs };
  },

  "value.list": async ({ scope, prefix, contains, after, limit }, call) => {
    const place = shelfOf(scope, call);
    const values: ResultOf<"value.list">["values"] = [];
    let chars = 0;
    for (let afterKey = after; ; afterKey = values.at(-1)?.key) {
      const size = Math.min(PAGE, limit + 1 - values.length);
      const rows = await call.parts.journal.values({ ...place, prefix, contains, afterKey, limit: size });
      for (const { key, value, version, atMs, label } of rows) {
        if (values.length === limit || chars >= MAX_PAGE_CHARS) return { values, next: values.at(-1)?.key ?? null };
        call.record.see(label);
        values.push({ key, value, version, atMs });
        chars += JSON.stringify(value).length;
      }
      if (rows.length < size) return { values, next: null };
    }
  },

  "value.remove": (args, call) => {
    const place = placeOf(args, call);
    return call.parts.values.compare(place, (current) => {
      checkVersion(place, current, args.ifVersion);
      if (current > 0) record(place, { value: null, isRemoved: true }, call);
      return { removed: current > 0 };
    });
  },
};

function record(
  place: ValuePlace,
  { value, isRemoved }: { value: unknown; isRemoved: boolean },
  { parts, record: { effects, settles, process } }: KernelCall,
): number {
  const version = parts.values.next(place, { isRemoved });
  const atMs = parts.clock.nowMs();
  effects.push({ kind: "value", row: { ...place, value, version, label: spokenBy(process), atMs, isRemoved } });
  settles.push((isKept) => isKept || parts.values.forget(place));
  return version;
}

function checkVersion({ scope, key }: ValuePlace, current: number, wanted: number | undefined): void {
  if (wanted === undefined || wanted === current) return;
  const name = `${JSON.stringify(key)} in ${scope}`;
  if (wanted === 0) throw new SysError("EEXIST", `there is a value ${name} already, of version ${current}`);
  throw new SysError(
    "ESTALE",
    current === 0 ? `the value ${name} was removed` : `the value ${name} is of version ${current}, not ${wanted}`,
    { hint: "get it again, and write what then holds" },
  );
}

function placeOf({ scope, key }: { scope?: string | undefined; key: string }, call: KernelCall): ValuePlace {
  if (key.length > MAX_KEY) throw new SysError("E2BIG", `a key of ${key.length} characters; ${MAX_KEY} is the most`);
  return { ...shelfOf(scope, call), key };
}

/**
 * Under a process key a process's own values are its own alone; who has the tenant's key sees those of all its processes.
 * @throws SysError EACCES for another process's own, ESRCH for one that is not there.
 */
function shelfOf(scope: string | undefined, { parts, principal, record }: KernelCall): Omit<ValuePlace, "key"> {
  const { pid, tenant } = record.process;
  if (scope === undefined || scope === OWN + pid) return { tenant, scope: OWN + pid };
  if (!scope.startsWith(OWN)) return { tenant, scope };
  if (principal.pid !== null)
    throw new SysError("EACCES", `${scope} belongs to another process`, {
      hint: "share a scope with a name of its own, as `team`",
    });
  const owner = parts.processes.visible(asPid(scope.slice(OWN.length)), principal);
  return { tenant: owner.tenant, scope: OWN + owner.pid };
}
