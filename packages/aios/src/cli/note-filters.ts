import type { ArgsOf } from "@aiosjs/sdk";
import type { ContextOf } from "./registry.ts";
import { instantOf } from "./since.ts";

type Filters = Omit<NonNullable<ArgsOf<"mem.forget">>, "ids">;
type Options = Pick<
  ContextOf<"mem forget">["options"],
  "namespace" | "tag" | "keyword" | "tier" | "trust" | "uri" | "since" | "until"
>;

/** What the options leave of all notes; without an entry for what was not given. @throws CliError of usage for no time. */
export function filtersOf(
  { namespace, tag, keyword, tier, trust, uri, since, until }: Options,
  context: Parameters<typeof instantOf>[1],
): Filters {
  const sinceMs = instantOf(since, context);
  const untilMs = instantOf(until, context);
  return {
    ...(namespace.length > 0 && { namespaces: [...namespace] }),
    ...(tag.length > 0 && { tags: [...tag] }),
    ...(keyword.length > 0 && { keywords: [...keyword] }),
    ...(tier.length > 0 && { tiers: [...tier] }),
    ...(trust.length > 0 && { trust: [...trust] }),
    ...(uri !== undefined && { uri }),
    ...(sinceMs !== undefined && { sinceMs }),
    ...(untilMs !== undefined && { untilMs }),
  };
}
