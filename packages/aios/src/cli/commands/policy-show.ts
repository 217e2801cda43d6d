import type { AccessPolicy, ToolAccess } from "@aiosjs/sdk/protocol";
import { policyText } from "../messages/policy.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

type Context = ContextOf<"policy show">;

export async function run(context: Context): Promise<void> {
  const { options, t } = context;
  const shown = await (await context.client()).policy.show();
  if (options.yaml) {
    const { stringify } = await import("yaml");
    const text = stringify(shown.policy, { lineWidth: 0, aliasDuplicateObjects: false, flowCollectionPadding: false });
    return context.result(shown, () => text.trimEnd());
  }
  context.say(t(shown.isShipped ? policyText.isShipped : policyText.isOwn));
  context.result(shown, () => [rowsText(shown, context), ...restText(shown.policy, context)].join("\n"));
}

interface Row {
  readonly names: string;
  readonly row: ToolAccess;
  readonly isShipped: boolean;
}

/** Names that have the same row stand together. */
function rowsText(
  {
    policy,
    shipped,
    isShipped,
  }: { policy: AccessPolicy; shipped: Readonly<Record<string, ToolAccess>>; isShipped: boolean },
  context: Context,
): string {
  const { t } = context;
  const grouped = (tools: Readonly<Record<string, ToolAccess>>, areShipped: boolean): Row[] =>
    [...Map.groupBy(Object.entries(tools), ([, row]) => JSON.stringify(row)).values()].flatMap((same) =>
      chunks(same.map(([name]) => name)).map((names) => ({ names, row: same[0]![1], isShipped: areShipped })),
    );
  const rows = [...grouped(policy.tools, isShipped), ...grouped(shipped, true)];
  const columns = [
    { title: t(policyText.gate), rank: 0, text: ({ row }: Row) => row.gate },
    { title: t(policyText.effect), rank: 0, text: ({ row }: Row) => row.effect },
    { title: t(policyText.name), rank: 0, text: ({ names }: Row) => names },
    { title: t(policyText.more), rank: 1, text: ({ row }: Row) => moreText(row, context) },
    { title: t(policyText.from), rank: 2, text: (row: Row) => t(row.isShipped ? policyText.shipped : policyText.own) },
  ];
  return table(
    rows.toSorted((one, other) => (one.row.gate < other.row.gate ? -1 : one.row.gate > other.row.gate ? 1 : 0)),
    columns,
    context,
  );
}

// As wide as a line of names is still read.
const MAX_NAMES = 60;

function chunks(names: readonly string[]): string[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length + 2 <= MAX_NAMES) lines[lines.length - 1] = `${last}, ${name}`;
    else lines.push(name);
  }
  return lines;
}

const moreText = ({ irreversible, gateIfTainted, sandbox, sinkArgs = {} }: ToolAccess, { t }: Context): string =>
  [
    ...(irreversible ? [t(policyText.irreversible)] : []),
    ...(gateIfTainted ? [t(policyText.tainted, { gate: gateIfTainted })] : []),
    ...(sandbox ? [sandbox] : []),
    ...Object.entries(sinkArgs).map(([name, { trust, urls, or = {} }]) =>
      [
        name,
        ...(trust ? [`>=${trust}`] : []),
        ...(urls ? [`urls >=${urls}`] : []),
        ...(or.inContacts ? ["contacts"] : []),
        ...(or.inAllowlist ? [or.inAllowlist] : []),
      ].join(" "),
    ),
  ].join("; ");

function restText({ defaults, agents, rules, contacts, allowlists }: AccessPolicy, { paint, t }: Context): string[] {
  const part = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ["", paint.dim(title), ...lines.map((line) => `  ${line}`)];
  const effect = t(defaults.effect === "declared" ? policyText.asDeclared : policyText.denied);
  return [
    "",
    t(policyText.others, { effect }),
    ...part(
      t(policyText.rules),
      rules.map((rule) =>
        "ask" in rule
          ? `ask     ${rule.ask.when}`
          : `forbid  ${rule.forbid.when}${rule.forbid.unless ? ` (unless ${rule.forbid.unless})` : ""}`,
      ),
    ),
    ...part(
      t(policyText.agents),
      Object.entries(agents).map(([name, row]) => `${name}  ${JSON.stringify(row)}`),
    ),
    ...part(t(policyText.contacts), contacts),
    ...part(
      t(policyText.lists),
      Object.entries(allowlists).map(([name, entries]) => `${name}: ${entries.join(", ")}`),
    ),
  ];
}
