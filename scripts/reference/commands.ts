import { nameOf, notes, optionText, usageOf } from "../../packages/aios/src/cli/help.ts";
import { commonText, groupTitles } from "../../packages/aios/src/cli/messages/common.ts";
import type { ArgumentSpec, CommandRow, GroupName, OptionSpec } from "../../packages/aios/src/cli/registry.ts";
import { commands, globalOptions } from "../../packages/aios/src/cli/registry.ts";
import type { Lang } from "../../packages/aios/src/cli/text.ts";
import { translate } from "../../packages/aios/src/cli/text.ts";
import { code, generated, sentence, table } from "./markdown.ts";

const titles = { en: "# Commands", zh: "# 命令" } as const;
const meaning = { en: "meaning", zh: "含义" } as const;

const intros = {
  en: `\`aios\` once it is installed, \`npm run -s aios --\` in a clone; \`aios help COMMAND\` says the same as this page. Data goes to stdout, chatter to stderr.

Exit codes: 0 ok · 1 failed · 2 usage · 3 not found · 4 auth · 5 denied · 6 conflict · 7 kernel unreachable · 8 budget exhausted · 9 rate limited or queue full · 10 approval pending · 124 timeout · 130 cancelled. \`aios run -- COMMAND\` exits with the command's own code.`,
  zh: `安装后使用 \`aios\`；在克隆的仓库中使用 \`npm run -s aios --\`。\`aios help 命令\` 与本页内容一致。数据输出到 stdout，提示输出到 stderr。

退出码：0 成功 · 1 失败 · 2 用法错误 · 3 未找到 · 4 认证 · 5 拒绝 · 6 冲突 · 7 内核不可达 · 8 预算用完 · 9 限速或队列已满 · 10 等待批准 · 124 超时 · 130 已取消。\`aios run -- 命令\` 以该命令自身的退出码结束。`,
} as const;

/** docs/reference/cli.md and its Chinese twin, from the registry. */
export function commandsPage(lang: Lang): string {
  const rows = (commands as readonly CommandRow[]).filter(({ isHidden }) => !isHidden);
  const groups = (Object.keys(groupTitles) as GroupName[]).filter((group) => rows.some((row) => row.group === group));
  const everywhere = `## ${translate(lang, commonText.everywhere)}\n\n${optionTable(globalOptions, lang)}`;
  const sections = groups.flatMap((group) => [
    `## ${translate(lang, groupTitles[group])}`,
    ...rows.filter((row) => row.group === group).map((row) => commandText(row, lang)),
  ]);
  return `${[generated, titles[lang], intros[lang], everywhere, ...sections].join("\n\n")}\n`;
}

function commandText(row: CommandRow, lang: Lang): string {
  const { path, summary, details, args = [], options = [], aliases = [], examples = [] } = row;
  const stop = lang === "zh" ? "。" : ".";
  return [
    `### ${path}`,
    code(`aios ${path}${usageOf(row)}`),
    [sentence(summary[lang], stop), details?.[lang]].filter(Boolean).join(lang === "zh" ? "" : " "),
    args.length > 0 ? argumentTable(args, lang) : "",
    options.length > 0 ? optionTable(options, lang) : "",
    aliases.length > 0
      ? `${translate(lang, commonText.alsoCalled)}${lang === "zh" ? "：" : ": "}${aliases.map((alias) => code(`aios ${alias}`)).join(", ")}`
      : "",
    examples.length > 0 ? `\`\`\`sh\n${examples.join("\n")}\n\`\`\`` : "",
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const optionTable = (specs: readonly OptionSpec[], lang: Lang): string =>
  table(
    [translate(lang, commonText.options), meaning[lang]],
    specs.map((spec) => [code(`${spec.short ? `-${spec.short}, ` : ""}${optionText(spec)}`), notes(spec, lang)]),
  );

const argumentTable = (specs: readonly ArgumentSpec[], lang: Lang): string =>
  table(
    [translate(lang, commonText.arguments), meaning[lang]],
    specs.map((spec) => [code(nameOf(spec)), notes(spec, lang)]),
  );
