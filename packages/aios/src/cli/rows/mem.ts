import type { ArgumentSpec, CommandModule, CommandRow, OptionSpec } from "../registry.ts";

const note = { name: "id", summary: { en: "the note's id", zh: "笔记编号" } } as const satisfies ArgumentSpec;
const notes = {
  name: "ids",
  isVariadic: true,
  summary: { en: "the notes' ids", zh: "笔记编号" },
} as const satisfies ArgumentSpec;
const pair = [
  { name: "from", summary: { en: "one note's id", zh: "一条笔记的编号" } },
  { name: "to", summary: { en: "the other note's id", zh: "另一条笔记的编号" } },
] as const satisfies readonly ArgumentSpec[];

const tiers = ["working", "episodic", "long-term"] as const;
const into = {
  name: "namespace",
  kind: "text",
  value: "NAME",
  summary: {
    en: "process:PID, agent:NAME, group:NAME or tenant; default: the caller's own, which for you is tenant",
    zh: "process:PID、agent:NAME、group:NAME 或 tenant；默认：调用者自己的，对您而言为 tenant",
  },
} as const satisfies OptionSpec;
const within = {
  name: "namespace",
  kind: "list",
  value: "NAME",
  summary: {
    en: "only of process:PID, agent:NAME, group:NAME or tenant; default: all in reach",
    zh: "仅限 process:PID、agent:NAME、group:NAME 或 tenant；默认：可及的全部",
  },
} as const satisfies OptionSpec;
const filters = [
  within,
  { name: "tag", kind: "list", value: "TAG", summary: { en: "only with this tag", zh: "仅限带此标签的笔记" } },
  {
    name: "keyword",
    kind: "list",
    value: "WORD",
    summary: { en: "only with this keyword", zh: "仅限带此关键词的笔记" },
  },
  { name: "tier", kind: "list", choices: tiers, summary: { en: "only of this tier", zh: "仅限此层级" } },
  {
    name: "trust",
    kind: "list",
    choices: ["kernel", "user", "workspace", "tool", "untrusted"],
    summary: { en: "only what is trusted so", zh: "仅限此信任级别" },
  },
  {
    name: "uri",
    kind: "text",
    value: "URI",
    summary: { en: "only what comes from there", zh: "仅限来自此处的内容" },
  },
  {
    name: "since",
    kind: "text",
    value: "TIME",
    summary: { en: "only those made since: 15m, 24h, 2026-11-01", zh: "仅限此后创建的：15m、24h、2026-11-01" },
  },
  {
    name: "until",
    kind: "text",
    value: "TIME",
    summary: { en: "only those made before", zh: "仅限此前创建的" },
  },
] as const satisfies readonly OptionSpec[];

export const memRows = [
  {
    path: "mem add",
    group: "memory",
    effect: "write",
    summary: { en: "keep a note, and print its id", zh: "保存一条笔记，并输出其编号" },
    details: {
      en: "It is on disk, and found, when the command returns. Keywords and context are taken from the text where they are not given. --build model is for programs inside a process (aios run), which pays for the calls.",
      zh: "命令返回时笔记已写入磁盘，并可被检索。未给出的关键词与摘要取自正文。--build model 供进程内的程序使用（aios run），调用由该进程付费。",
    },
    examples: ["aios mem add Anna drinks green tea --tag taste", "aios mem add - --uri file:notes.md < notes.md"],
    args: [{ name: "text", isVariadic: true, summary: { en: "- reads it from stdin", zh: "- 表示从标准输入读取" } }],
    options: [
      into,
      { name: "tag", kind: "list", value: "TAG", summary: { en: "a tag", zh: "标签" } },
      { name: "keyword", kind: "list", value: "WORD", summary: { en: "a keyword", zh: "关键词" } },
      {
        name: "tier",
        kind: "text",
        choices: tiers,
        default: "long-term",
        summary: { en: "how long it is meant to last", zh: "保存的层级" },
      },
      {
        name: "importance",
        kind: "number",
        min: 0,
        max: 1,
        default: 0.5,
        summary: { en: "from 0 to 1", zh: "0 到 1" },
      },
      { name: "uri", kind: "text", value: "URI", summary: { en: "where the text comes from", zh: "正文的来源" } },
      {
        name: "build",
        kind: "text",
        choices: ["text", "model"],
        default: "text",
        summary: {
          en: "model: two model calls describe the note, link it, and let the notes near it evolve",
          zh: "model：以两次模型调用描述并链接笔记，并使相近的笔记随之演化",
        },
      },
      { name: "pin", kind: "flag", summary: { en: "never evict it", zh: "永不淘汰" } },
    ],
    load: (): Promise<CommandModule> => import("../commands/mem-add.ts"),
  },
  {
    path: "mem search",
    group: "memory",
    effect: "read",
    summary: { en: "find notes by words, by meaning, and over links", zh: "按词语、语义与链接检索笔记" },
    examples: ["aios mem search what does Anna drink", "aios mem search 绿茶 --tag taste --since 7d"],
    args: [{ name: "query", isVariadic: true, summary: { en: "a question, or words", zh: "问题或词语" } }],
    options: [
      {
        name: "limit",
        kind: "integer",
        default: 10,
        min: 1,
        max: 100,
        summary: { en: "at most so many; linked notes come on top", zh: "最多条数；链接到的笔记另计" },
      },
      {
        name: "by",
        kind: "text",
        choices: ["hybrid", "words", "vectors"],
        default: "hybrid",
        summary: { en: "both words and vectors, or one of them", zh: "词语与向量并用，或只用其一" },
      },
      ...filters,
    ],
    load: (): Promise<CommandModule> => import("../commands/mem-search.ts"),
  },
  {
    path: "mem show",
    group: "memory",
    effect: "read",
    summary: { en: "show all of a note, and what it is linked with", zh: "显示笔记的全部内容及其链接" },
    args: [note],
    load: (): Promise<CommandModule> => import("../commands/mem-show.ts"),
  },
  {
    path: "mem history",
    group: "memory",
    effect: "read",
    summary: { en: "show what changed in a note, and who changed it", zh: "显示笔记的变更及变更者" },
    args: [note],
    options: [
      {
        name: "limit",
        kind: "integer",
        default: 20,
        min: 1,
        max: 200,
        summary: { en: "at most so many versions, the newest first", zh: "最多版本数，最新的在前" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/mem-history.ts"),
  },
  {
    path: "mem graph",
    group: "memory",
    effect: "read",
    summary: { en: "show the notes around one, over its links", zh: "沿链接显示一条笔记周围的笔记" },
    examples: ["aios mem graph n6u31eiyt2g31c7", "aios mem graph n6u31eiyt2g31c7 --format dot | dot -Tsvg > notes.svg"],
    args: [note],
    options: [
      {
        name: "depth",
        kind: "integer",
        default: 2,
        min: 1,
        max: 5,
        summary: { en: "at most so many links away", zh: "最多相隔的链接数" },
      },
      {
        name: "limit",
        kind: "integer",
        default: 50,
        min: 1,
        max: 200,
        summary: { en: "at most so many notes", zh: "最多笔记数" },
      },
      {
        name: "format",
        kind: "text",
        choices: ["text", "dot", "json"],
        default: "text",
        summary: { en: "a tree, a drawing for Graphviz, or JSON", zh: "树状文本、Graphviz 图或 JSON" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/mem-graph.ts"),
  },
  {
    path: "mem link",
    group: "memory",
    effect: "write",
    summary: { en: "link two notes, or change their link", zh: "链接两条笔记，或更改其链接" },
    examples: ['aios mem link n6u31eiyt2g31c7 n86oeu8s5qeobxn --strength 0.8 --why "the same person"'],
    args: pair,
    options: [
      {
        name: "strength",
        kind: "number",
        min: 0,
        max: 1,
        default: 0.5,
        summary: { en: "from 0 to 1", zh: "0 到 1" },
      },
      { name: "why", kind: "text", value: "WORDS", summary: { en: "in a few words", zh: "简要说明原因" } },
    ],
    load: (): Promise<CommandModule> => import("../commands/mem-link.ts"),
  },
  {
    path: "mem unlink",
    group: "memory",
    effect: "write",
    summary: { en: "take the link between two notes away", zh: "取消两条笔记之间的链接" },
    args: pair,
    load: (): Promise<CommandModule> => import("../commands/mem-unlink.ts"),
  },
  {
    path: "mem rm",
    group: "memory",
    effect: "danger",
    summary: { en: "remove notes; their history stays", zh: "移除笔记；其历史保留" },
    args: [notes],
    load: (): Promise<CommandModule> => import("../commands/mem-rm.ts"),
  },
  {
    path: "mem forget",
    group: "memory",
    effect: "danger",
    summary: { en: "erase notes with their history, for good", zh: "彻底抹除笔记及其历史" },
    details: {
      en: "By id, or all that every filter fits; it cannot be undone. It asks first, and without a terminal it needs --yes.",
      zh: "按编号，或抹除符合所有筛选条件的笔记；不可撤销。会先询问；没有终端时须加 --yes。",
    },
    examples: ["aios mem forget n6u31eiyt2g31c7", "aios mem forget --uri file:notes.md --until 30d --yes"],
    args: [{ ...notes, isOptional: true }],
    options: [...filters, { name: "yes", short: "y", kind: "flag", summary: { en: "do not ask", zh: "不询问" } }],
    load: (): Promise<CommandModule> => import("../commands/mem-forget.ts"),
  },
  {
    path: "mem export",
    group: "memory",
    effect: "read",
    summary: { en: "write notes as lines of JSON", zh: "将笔记导出为逐行 JSON" },
    details: {
      en: "All of them, to stdout or a file that only you can read; without their history. aios mem import takes them.",
      zh: "导出全部笔记到标准输出，或仅您可读的文件；不含历史。用 aios mem import 导入。",
    },
    examples: ["aios mem export notes.jsonl", "aios mem export --namespace agent:researcher > notes.jsonl"],
    args: [{ name: "file", isOptional: true, summary: { en: "default: stdout", zh: "默认：标准输出" } }],
    options: [within],
    load: (): Promise<CommandModule> => import("../commands/mem-export.ts"),
  },
  {
    path: "mem import",
    group: "memory",
    effect: "write",
    summary: { en: "keep exported notes as new ones", zh: "将导出的笔记存为新笔记" },
    details: {
      en: "They get new ids, and keep the links among them. All lines are looked at first. They go in by up to 500 at a time, linked ones together: if it breaks off, what went in is there.",
      zh: "笔记获得新编号，并保留彼此的链接。先检查所有行。每批最多 500 条，相互链接的同批导入；若中断，已导入的会保留。",
    },
    examples: ["aios mem import notes.jsonl --namespace agent:researcher", "aios mem import - < notes.jsonl"],
    args: [
      {
        name: "file",
        summary: { en: "as aios mem export wrote it; - is stdin", zh: "aios mem export 写出的文件；- 表示标准输入" },
      },
    ],
    options: [into],
    load: (): Promise<CommandModule> => import("../commands/mem-import.ts"),
  },
  {
    path: "mem usage",
    group: "memory",
    effect: "read",
    summary: { en: "show what notes take of what they may", zh: "显示笔记占用与上限" },
    details: {
      en: "Above 80 % those that were used least are evicted: no search finds them until they are read by their id. Pinned notes stay.",
      zh: "超过 80 % 时淘汰最少使用的笔记：在按编号读取之前，检索不到它们。已固定的笔记保留。",
    },
    options: [
      within,
      {
        name: "limit",
        kind: "integer",
        default: 20,
        min: 1,
        max: 500,
        summary: { en: "at most so many namespaces, the fullest first", zh: "最多命名空间数，最满的在前" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/mem-usage.ts"),
  },
  {
    path: "mem consolidate",
    group: "memory",
    effect: "write",
    summary: {
      en: "make long-term notes of short-lived ones that say much the same, or matter",
      zh: "将内容相近或重要的短期笔记整理为长期笔记",
    },
    details: {
      en: "The notes that it is made of stay, linked to what lasts. The kernel does the same by itself: memory.consolidate.",
      zh: "原笔记保留，并链接到长期笔记。内核也会自行整理：memory.consolidate。",
    },
    examples: ["aios mem consolidate --by model", "aios mem consolidate --namespace agent:clerk --age 0"],
    options: [
      into,
      {
        name: "by",
        kind: "text",
        choices: ["text", "model"],
        default: "text",
        summary: {
          en: "model: one model call makes one note of each group; else the worthiest note lasts",
          zh: "model：每组以一次模型调用合成一条笔记；否则保留最有价值的一条",
        },
      },
      {
        name: "age",
        kind: "number",
        min: 0,
        default: 24,
        value: "HOURS",
        summary: { en: "younger notes stay as they are", zh: "更新的笔记保持原样" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/mem-consolidate.ts"),
  },
  {
    path: "mem verify",
    group: "memory",
    effect: "write",
    summary: { en: "compare all notes with the index that finds them", zh: "核对所有笔记与检索索引" },
    details: {
      en: "Exit code 1 when something differs and was not repaired.",
      zh: "若有差异且未修复，退出码为 1。",
    },
    options: [{ name: "repair", kind: "flag", summary: { en: "put right what differs", zh: "修复差异" } }],
    load: (): Promise<CommandModule> => import("../commands/mem-verify.ts"),
  },
] as const satisfies readonly CommandRow[];
