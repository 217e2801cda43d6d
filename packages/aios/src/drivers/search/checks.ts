import { SysError } from "@aiosjs/sdk/protocol";
import type { FacetFilter, Findable, FindQuery } from "../../kernel/ports.ts";

/** @throws SysError EINVAL for a version that is no integer, and for a facet that no filter could ask for. */
export function refuseTexts(texts: readonly Findable[]): void {
  for (const { id, version, facets } of texts) {
    if (!Number.isSafeInteger(version)) throw new SysError("EINVAL", `the version of ${id} is ${version}, no integer`);
    for (const [facet, value] of Object.entries(facets)) {
      if (typeof value === "string" || Number.isFinite(value)) continue;
      throw new SysError("EINVAL", `the facet ${facet} of ${id} is ${value}`, {
        hint: "leave it out, or give a number",
      });
    }
  }
}

/** @throws SysError EINVAL for a filter that cannot be one. */
export function refuseQuery({ limit, filters = [] }: FindQuery): void {
  if (Number.isNaN(limit)) throw new SysError("EINVAL", "the limit of a search is not a number");
  for (const filter of filters) refuseFilter(filter);
}

function refuseFilter(filter: FacetFilter): void {
  if ("isOneOf" in filter) {
    if (filter.isOneOf.every((value) => typeof value === "string" || !Number.isNaN(value))) return;
    throw new SysError("EINVAL", `a value for the facet ${filter.facet} is not a number`);
  }
  if ("isWithin" in filter) return;
  const { facet, from, to } = filter;
  const hint = "give from, to or both as numbers, the lesser first";
  if (from === undefined && to === undefined)
    throw new SysError("EINVAL", `the facet ${facet} has no bounds`, { hint });
  if (!((from ?? -Infinity) <= (to ?? Infinity))) {
    throw new SysError("EINVAL", `nothing lies from ${from} to ${to}, as asked of the facet ${facet}`, { hint });
  }
}
