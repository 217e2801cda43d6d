import { shownForm } from "../../packages/aios/src/files/plan/form-pattern.ts";
import { forms } from "../../packages/aios/src/files/plan/forms.ts";
import { generated } from "./markdown.ts";

const intro = `# Requests about files

What \`fs.do\` and \`aios fs do "…"\` understand without a model, in English and in Chinese. Of \`(x|y)\` one is said, \`[x]\` may be left out;
in Chinese spaces may be left out, too. What is none of these is not guessed: the answer tells which words were not understood, and the
nearest form.

- \`PATH\`: a name without spaces, or any name in quotes: \`"…"\`, \`“…”\`, \`「…」\`, \`《…》\`, \`'…'\`; within them \`\\"\` is a quote and \`\\\\\` a backslash.
  A Chinese name without a dot or a slash stands in quotes where something is changed. Where a form takes several, they are told as \`a.txt, b.txt and c.txt\`.
- \`"TEXT"\`: always in quotes. What is in quotes is never read as a part of the request.
- \`TIME\`: \`yesterday 17:00\`, \`3 days ago\`, \`2026-11-20\`, \`last Friday at noon\`; \`昨天下午五点\`, \`三天前\`, \`上周五\`. A day means its last moment, weeks begin on Mondays.
- \`DURATION\`: \`24 hours\`, \`a week\`, \`7d\`; \`三天\`, \`半小时\`.
- \`WORDS\`: what to look for. Times, authors, kinds and folders in it become filters: \`the contract about GPUs that I edited last week\`, \`我上周编辑的关于 GPU 的合同\`.
- Several requests are joined by \`then\`, \`and then\`, \`;\`, 然后, 接着, 再. Twenty steps at most; all of them are understood, or none is done.`;

/** docs/reference/file-requests.md, from the table of the forms. */
export const fileRequestsPage = (): string =>
  `${[
    generated,
    intro,
    ...forms.map(
      ({ verb, does, en, zh }) =>
        `## ${verb}\n\n${does}\n\n\`\`\`text\n${[...en, ...zh].map(shownForm).join("\n")}\n\`\`\``,
    ),
  ].join("\n\n")}\n`;
