import type { PriceTable, PublishedModel } from "../../../kernel/ports.ts";
import { asOf, priceList, source } from "./list.ts";

/** What providers append to a name without changing its price: snapshots, `latest`, previews, versions. */
const suffix = /(-\d{4}-\d{2}-\d{2}|[-@]\d{8}|-\d{4}|-latest|-preview.*|-\d{3})$/;

/** Published list prices of a day. For what they miss: first tier by length, dearest hour, no batch or regional prices. */
export const priceTable: PriceTable = {
  asOf,
  source,
  find(list, model) {
    const names = byName(list);
    // Gemini's own name of a model is a path.
    const name = model.replace(/^models\//, "");
    return names?.get(name) ?? names?.get(name.replace(suffix, ""));
  },
};

const indexes = new Map<string, ReadonlyMap<string, PublishedModel>>();

function byName(list: string): ReadonlyMap<string, PublishedModel> | undefined {
  const rows = priceList[list];
  const known = indexes.get(list);
  if (known || !rows) return known;
  const index = new Map<string, PublishedModel>();
  for (const [names, input, cachedInput, output, context, cacheWrite, cacheWriteHour] of rows) {
    const price = {
      input,
      output,
      asOf,
      ...(cachedInput === null ? {} : { cachedInput }),
      ...(cacheWrite === undefined ? {} : { cacheWrite }),
      ...(cacheWriteHour === undefined ? {} : { cacheWriteHour }),
    };
    const published = context === null ? { price } : { price, contextTokens: context };
    for (const name of names.split(" ")) index.set(name, published);
  }
  indexes.set(list, index);
  return index;
}
