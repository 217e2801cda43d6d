import type { Explanation } from "@aiosjs/sdk/protocol";
import { pad, widthOf } from "../../tui/width.ts";
import { CliError, usage } from "../cli-error.ts";
import { chooseProcess } from "../find-process.ts";
import { printable } from "../file-text.ts";
import { policyText } from "../messages/policy.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"policy explain">;

export async function run(context: Context): Promise<void> {
  const { args, options, t } = context;
  const { tool, agent, trust, conf, said } = options;
  if (args.call === undefined && tool === undefined)
    throw new CliError(usage, t(policyText.noCall), { hint: t(policyText.noCallHint) });
  const client = await context.client();
  const pid =
    options.pid === undefined
      ? undefined
      : chooseProcess((await client.proc.list()).processes, options.pid, context).pid;
  const seen = { ...(trust === undefined ? {} : { trust }), ...(conf === undefined ? {} : { confidentiality: conf }) };
  const explained = await client.policy.explain({
    ...(args.call === undefined ? {} : { call: args.call }),
    ...(tool === undefined ? {} : { name: tool }),
    ...(options.args === undefined ? {} : { arguments: parsed(options.args, context) }),
    ...(agent === undefined ? {} : { agent }),
    ...(pid === undefined ? {} : { pid }),
    ...(trust === undefined && conf === undefined ? {} : { context: seen as Partial<Explanation["context"]> }),
    ...(said.length === 0 ? {} : { said: [...said] }),
  });
  context.result(explained, () => text(explained, context));
}

function parsed(json: string, { t }: Context): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : "";
    throw new CliError(usage, t(policyText.noJson, { detail }), { hint: `--args '{"to": "bob@example.org"}'`, cause });
  }
}

function text(explained: Explanation, { paint, t }: Context): string {
  const { name, agent, decided, gate, reasons, origins, context, isRecorded, returns, sandbox } = explained;
  const colour = (said: string): string =>
    gate === "L3" ? paint.bad(said) : gate === "L2" ? paint.busy(said) : paint.good(said);
  const labelText = ({ trust, confidentiality, readers }: Explanation["context"]): string =>
    [trust, confidentiality, ...(readers ? [t(policyText.readers, { readers: readers.join(", ") })] : [])].join(", ");
  const rows: (readonly [string, string])[] = [
    ...(decided ? [[t(policyText.decided), decidedText(decided, t)] as const] : []),
    [t(policyText.seen), `${labelText(context)}${isRecorded ? paint.dim(` (${t(policyText.recorded)})`) : ""}`],
    ...reasons.map(
      ({ gate: of, where, why }, index) =>
        [index === 0 ? t(policyText.why) : "", `${of}  ${printable(where)}: ${printable(why)}`] as const,
    ),
    ...origins.map(({ path, value, origin, isMet }, index) => {
      const whence =
        origin.is === "allowlist" ? t(policyText.allowlist, { list: origin.list }) : t(policyText[origin.is]);
      const said = `${printable(path)} = ${printable(JSON.stringify(value))}: `;
      return [
        index === 0 ? t(policyText.values) : "",
        said + (isMet ? paint.good(whence) : paint.bad(whence)),
      ] as const;
    }),
    [t(policyText.result), labelText(returns)],
    ...(sandbox === null ? [] : [[t(policyText.sandbox), sandbox] as const]),
  ];
  const width = Math.max(...rows.map(([label]) => widthOf(label)));
  const who = agent === "" ? "" : ` ${t(policyText.by, { agent: printable(agent) })}`;
  return [
    `${colour(gate)}  ${paint.strong(printable(name))}${who}: ${colour(t(policyText[gate]))}`,
    ...rows.map(([label, value]) => `  ${paint.dim(pad(label, width))}  ${value}`),
  ].join("\n");
}

function decidedText(
  { gate, where, why, isBySamePolicy }: NonNullable<Explanation["decided"]>,
  t: Context["t"],
): string {
  const reason = where === null ? "" : `  ${printable(where)}: ${printable(why ?? "")}`;
  return `${gate}${reason}${isBySamePolicy ? "" : ` (${t(policyText.otherPolicy)})`}`;
}
