import { budgetTable } from "../budget-table.ts";
import { parseLimit } from "../limit-text.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"budget set">): Promise<void> {
  const { scope, limits } = context.args;
  const parsed = limits.map(parseLimit);
  const client = await context.client();
  const { accounts } = await client.budget.set({ scope, limits: parsed });
  const own = accounts.filter((account) => account.scope === scope);
  context.result(own, () => budgetTable(own, context));
}
