import { budgetTable } from "../budget-table.ts";
import { keyText } from "../messages/keys.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"budget show">): Promise<void> {
  const { args, t } = context;
  const client = await context.client();
  const accounts = (await client.budget.show()).accounts.filter(
    ({ scope }) => args.scope === undefined || scope === args.scope || scope.startsWith(args.scope),
  );
  if (accounts.length === 0) context.say(t(keyText.noBudgets));
  context.result(accounts, () => (accounts.length === 0 ? "" : budgetTable(accounts, context)));
}
