import type { Text } from "../text.ts";

/** What `mem` says. */
export const memText = {
  empty: { en: "there is no text to keep", zh: "没有可保存的正文" },
  emptyHint: {
    en: "give it after the command, or with - through stdin",
    zh: "在命令后给出正文，或用 - 从标准输入读取",
  },
  noModel: { en: "no model described it: {why}", zh: "未由模型描述：{why}" },
  evolved: { en: "changed with it: {ids}", zh: "随之变更：{ids}" },
  unknown: { en: "there is no note {id}", zh: "没有笔记 {id}" },
  unknownHint: { en: '"aios mem search" finds those that are there', zh: "用“aios mem search”查找现有笔记" },
  nothing: { en: "no note fits", zh: "没有符合的笔记" },
  age: { en: "{time} old", zh: "{time} 前" },
  ago: { en: "{when} ({time} ago)", zh: "{when}（{time} 前）" },

  byWords: { en: "words", zh: "词语" },
  byVectors: { en: "meaning", zh: "语义" },
  byLink: { en: "link from {from}", zh: "链接自 {from}" },

  version: { en: "version {version}", zh: "第 {version} 版" },
  pinned: { en: "pinned", zh: "已固定" },
  content: { en: "content", zh: "正文" },
  context: { en: "context", zh: "摘要" },
  keywords: { en: "keywords", zh: "关键词" },
  tags: { en: "tags", zh: "标签" },
  category: { en: "category", zh: "类别" },
  namespace: { en: "namespace", zh: "命名空间" },
  importance: { en: "importance", zh: "重要性" },
  labels: { en: "labels", zh: "标记" },
  source: { en: "source", zh: "来源" },
  writtenBy: { en: "written by", zh: "写入者" },
  tier: { en: "tier", zh: "层级" },
  isPinned: { en: "pinned", zh: "固定" },
  links: { en: "links", zh: "链接" },
  made: { en: "made", zh: "创建" },
  changed: { en: "changed", zh: "更改" },
  found: { en: "found", zh: "检索" },
  times: { en: "{count} times, last {time} ago", zh: "{count} 次，最近 {time} 前" },
  never: { en: "never", zh: "从未" },
  byProcess: { en: "process {pid}, call {call}", zh: "进程 {pid}，调用 {call}" },
  gone: { en: "(gone, or out of reach)", zh: "（已不存在，或不可及）" },
  removedThen: { en: "removed", zh: "移除" },
  same: { en: "nothing that is told here", zh: "无此处所列的变更" },
  more: { en: "older versions: --limit {limit}", zh: "更早的版本：--limit {limit}" },

  linked: { en: "{from} and {to} are linked", zh: "{from} 与 {to} 已链接" },
  unlinked: { en: "{from} and {to} are no longer linked", zh: "{from} 与 {to} 不再链接" },
  notLinked: { en: "{from} and {to} were not linked", zh: "{from} 与 {to} 未曾链接" },
  removed: {
    en: "removed {id}; aios mem forget {id} erases its history too",
    zh: "已移除 {id}；aios mem forget {id} 可连同历史一并抹除",
  },

  forgetWhat: { en: "nothing says which notes to forget", zh: "未指明要遗忘哪些笔记" },
  forgetWhatHint: {
    en: "give ids, or filters such as --tag, --uri, --until; every note: --since 1970-01-01",
    zh: "给出编号，或 --tag、--uri、--until 等筛选条件；全部笔记：--since 1970-01-01",
  },
  forgetYes: {
    en: "add --yes to erase without being asked; it cannot be undone",
    zh: "加 --yes 可不经询问直接抹除；不可撤销",
  },
  forgetThese: { en: "erase these notes with their history, for good?", zh: "彻底抹除这些笔记及其历史？" },
  forgetFitting: {
    en: "erase all notes with {filters}, and their history, for good?",
    zh: "彻底抹除符合 {filters} 的所有笔记及其历史？",
  },
  forgotten: { en: "notes erased: {count}", zh: "已抹除笔记：{count}" },
  notAll: { en: "not erased: {count}, which were not there any more", zh: "未抹除：{count}，它们已不存在" },
  kept: { en: "nothing was erased", zh: "未抹除任何内容" },

  exported: { en: "notes in {file}: {count}", zh: "{file} 中的笔记：{count}" },
  fileExists: { en: "{file} is there already", zh: "{file} 已存在" },
  fileExistsHint: { en: "name another file, or remove that one", zh: "换一个文件名，或先删除该文件" },
  noFolder: { en: "{file} cannot be written: {detail}", zh: "无法写入 {file}：{detail}" },
  noFile: { en: "{file} cannot be read: {detail}", zh: "无法读取 {file}：{detail}" },
  noNote: { en: "line {line} of {file} is no note: {detail}", zh: "{file} 第 {line} 行不是笔记：{detail}" },
  noNoteHint: {
    en: 'a line is as "aios mem export" writes it; nothing was imported',
    zh: "每行应如“aios mem export”所写；未导入任何内容",
  },
  noJson: { en: "it is not JSON", zh: "不是 JSON" },
  twice: { en: "it has the id of line {line}", zh: "编号与第 {line} 行相同" },
  noNotes: { en: "there are no notes in {file}", zh: "{file} 中没有笔记" },
  imported: { en: "notes kept: {count}, links: {links}", zh: "已保存笔记：{count}，链接：{links}" },
  across: {
    en: "made one by one, as their notes went in apart: {count}",
    zh: "其中逐一建立（两端分批导入）：{count}",
  },
  outside: {
    en: "links left out, as they lead to notes that are not in {file}: {count}",
    zh: "已略去指向 {file} 之外的链接：{count}",
  },
  brokeOff: {
    en: "broke off; notes kept until then: {count}, links not made yet: {links}",
    zh: "已中断；此前保存的笔记：{count}，尚未建立的链接：{links}",
  },

  verified: { en: "notes: {notes}; all are as the index holds them", zh: "笔记：{notes}；均与索引一致" },
  differs: {
    en: "notes: {notes}; not found as they are: {missing}; in the index alone: {orphaned}",
    zh: "笔记：{notes}；索引缺失或不符：{missing}；仅存于索引：{orphaned}",
  },
  repaired: { en: "put right", zh: "已修复" },
  repairWith: { en: '"aios mem verify --repair" puts it right', zh: "用“aios mem verify --repair”修复" },
  index: {
    en: "index: {driver}, {texts} texts, embedder {embedder} with {dimension} dimensions",
    zh: "索引：{driver}，{texts} 条文本，嵌入器 {embedder}，{dimension} 维",
  },
  reindexing: { en: "re-indexing: {done} of {of}", zh: "正在重建索引：{done}/{of}" },
} as const satisfies Record<string, Text>;
