import type { ResultOf } from "@aiosjs/sdk";
import { shortTime } from "../tui/figures.ts";
import { keyText } from "./messages/keys.ts";
import type { CommandContext } from "./context.ts";
import { table } from "./table.ts";

type Account = ResultOf<"budget.show">["accounts"][number];

const names: Partial<Record<Account["resource"], string>> = { costUsd: "usd", toolCalls: "tool-calls", wallMs: "wall" };

/** Limits with what of them is used; a spent one stands out. */
export function budgetTable(
  accounts: readonly Account[],
  context: Pick<CommandContext, "t" | "paint" | "width">,
): string {
  const { t, paint } = context;
  const leftOf = ({ limit, used, reserved }: Account) => Math.max(0, limit - used - reserved);
  return table(
    accounts,
    [
      { title: t(keyText.scope), text: ({ scope }) => scope, rank: 0, least: 12 },
      { title: t(keyText.resource), text: ({ resource }) => names[resource] ?? resource, rank: 0 },
      { title: t(keyText.window), text: ({ window }) => window, rank: 0 },
      { title: t(keyText.used), text: (account) => amount(account, account.used), rank: 1, align: "right" },
      { title: t(keyText.limit), text: (account) => amount(account, account.limit), rank: 0, align: "right" },
      {
        title: t(keyText.left),
        text: (account) => amount(account, leftOf(account)),
        rank: 0,
        align: "right",
        paint: (text, account) => (leftOf(account) === 0 ? paint.bad(text) : text),
      },
      {
        title: t(keyText.resets),
        text: ({ resetsAt }) => (resetsAt === null ? "" : shortTime(resetsAt - Date.now())),
        rank: 2,
        align: "right",
      },
    ],
    context,
  );
}

function amount({ resource }: Account, value: number): string {
  if (resource === "costUsd") return `$${value < 1 && value > 0 ? value.toFixed(4) : value.toFixed(2)}`;
  if (resource === "wallMs") return shortTime(value);
  return Math.round(value).toLocaleString("en-US");
}
