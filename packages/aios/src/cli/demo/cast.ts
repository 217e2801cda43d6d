import type { Limit } from "@aiosjs/sdk";
import type { Text } from "../text.ts";

/** One agent of the demo: a shipped program with a real little task of its own. */
export interface Role {
  readonly name: Text;
  /** The program: a folder of `packages/aios/agents`. */
  readonly agent: "analyst" | "clerk" | "librarian" | "planner" | "reviewer";
  readonly task: Text;
  readonly nice?: number;
  readonly class?: "interactive" | "batch";
  readonly limits?: readonly Limit[];
}

/**
 * Twelve agents with twelve different tasks. One is a person's (interactive, nice −10), two write up the same figure in the
 * same file, one has fewer tokens than its task needs, so that a limit is seen at work.
 */
export const cast: readonly Role[] = [
  {
    name: { en: "concierge", zh: "前台" },
    agent: "clerk",
    task: {
      en: "A guest is waiting: calculate 84.50 * 0.15 for the tip, then calculate (84.50 + 12.675) / 4 for each of four people.",
      zh: "客人正在等候：先计算小费 84.50 * 0.15，再计算四人平摊 (84.50 + 12.675) / 4。",
    },
    nice: -10,
    class: "interactive",
  },
  {
    name: { en: "bookkeeper", zh: "会计" },
    agent: "analyst",
    task: {
      en: "Calculate 12 * 19.99 + 3 * 4.50 and write the result to invoice.md.",
      zh: "计算 12 * 19.99 + 3 * 4.50，并把结果写入 invoice.md。",
    },
  },
  {
    name: { en: "traveller", zh: "旅行" },
    agent: "clerk",
    task: {
      en: "With the date tool, what is the difference between 2026-03-01 and 2026-09-15? Write it to trip.md.",
      zh: "用 date 工具求 2026-03-01 与 2026-09-15 之间的 difference（天数），写入 trip.md。",
    },
  },
  {
    name: { en: "analyst", zh: "分析" },
    agent: "analyst",
    task: {
      en: 'Query the JSON {"orders":[{"total":120},{"total":80},{"total":245}]} with $sum(orders.total) and write the result to orders.md.',
      zh: '对 JSON {"orders":[{"total":120},{"total":80},{"total":245}]} 查询 $sum(orders.total)，并把结果写入 orders.md。',
    },
  },
  {
    name: { en: "archivist", zh: "档案" },
    agent: "librarian",
    task: {
      en: "Write a note on what an archive is for to archive/purpose.md, then read archive/purpose.md.",
      zh: "写一篇关于档案用途的笔记，写入 archive/purpose.md，然后读取 archive/purpose.md。",
    },
  },
  {
    name: { en: "surveyor", zh: "测绘" },
    agent: "analyst",
    task: {
      en: "Calculate sqrt(3) / 4 * 250 ^ 2 for the field and write the result to field.md.",
      zh: "计算田地面积 sqrt(3) / 4 * 250 ^ 2，并把结果写入 field.md。",
    },
  },
  {
    name: { en: "reporter", zh: "记者" },
    agent: "analyst",
    task: {
      en: "Calculate 45 / 360 * 100 and write the result as a headline to /shared/front.md.",
      zh: "计算 45 / 360 * 100，并把结果作为标题写入 /shared/front.md。",
    },
  },
  {
    name: { en: "columnist", zh: "专栏" },
    agent: "analyst",
    task: {
      en: "Calculate 45 / 360 * 100, write the result to /shared/front.md, then read /shared/front.md.",
      zh: "计算 45 / 360 * 100，把结果写入 /shared/front.md，然后读取 /shared/front.md。",
    },
  },
  {
    name: { en: "chemist", zh: "化学" },
    agent: "clerk",
    task: {
      en: "Calculate (98.6 - 32) * 5 / 9 and calculate 6.02 * 18.015 at the same time.",
      zh: "同时计算 (98.6 - 32) * 5 / 9 与 6.02 * 18.015。",
    },
  },
  {
    name: { en: "gardener", zh: "园丁" },
    agent: "planner",
    task: {
      en: "Plan a kitchen garden of four beds for one family.",
      zh: "为一个家庭规划四块菜地。",
    },
    nice: 5,
  },
  {
    name: { en: "critic", zh: "评审" },
    agent: "reviewer",
    task: {
      en: "Review this sentence: “The results was checked twice and both numbers agrees.”",
      zh: "评审这句话：“结果核对了二次，两个数字都一致的。”",
    },
    nice: 5,
  },
  {
    name: { en: "dreamer", zh: "作家" },
    agent: "librarian",
    task: {
      en: "Write a story about the sea to story.md, then read story.md, then write a second story to second.md.",
      zh: "写一个关于大海的故事，写入 story.md，然后读取 story.md，再写第二个故事，写入 second.md。",
    },
    nice: 10,
    limits: [{ resource: "tokens", window: "run", limit: 1_700 }],
  },
];
