import type { Text } from "../text.ts";

/** What snapshot, restore, fork, rollback and replay PID say. */
export const stateText = {
  written: {
    en: "{name} as it was after call {seq}: {calls} calls, {pieces} pieces of files, values and notes, {size}",
    zh: "{name} 在调用 {seq} 之后的状态：{calls} 个调用，{pieces} 段文件、值与笔记，{size}",
  },
  exists: { en: "{file} is there already", zh: "{file} 已存在" },
  existsHint: { en: "remove it, or name another one with -o", zh: "请删除它，或用 -o 指定其他文件" },
  noFolder: { en: "{file} cannot be written: {detail}", zh: "无法写入 {file}：{detail}" },
  noFile: { en: "{file} cannot be read: {detail}", zh: "无法读取 {file}：{detail}" },
  noSnapshot: { en: "{file} is no snapshot of aios", zh: "{file} 不是 aios 快照" },
  damaged: { en: "line {line} of {file} is damaged", zh: "{file} 的第 {line} 行已损坏" },
  cutOff: {
    en: "{file} ends after {line} lines; the rest is missing",
    zh: "{file} 在第 {line} 行后结束，其余部分缺失",
  },
  notWhole: {
    en: "{file}: its lines are whole, but not all of them, or not these, are of one snapshot",
    zh: "{file}：各行完整，但并非同一快照的全部行",
  },
  tooLong: {
    en: "line {line} of {file} is longer than {most} characters",
    zh: "{file} 的第 {line} 行超过 {most} 个字符",
  },
  damagedHint: {
    en: "copy it again from where it was taken, or take it anew: aios snapshot PID",
    zh: "请重新复制该文件，或重新创建：aios snapshot PID",
  },
  newer: {
    en: "{file} was made by aios {kernel} in format {format}; this one reads format {known}",
    zh: "{file} 由 aios {kernel} 以格式 {format} 创建；当前版本只能读取格式 {known}",
  },
  newerHint: { en: "restore it with that release, or a later one", zh: "请用该版本或更高版本恢复" },
  restored: {
    en: "{name} goes on behind its call {seq} as process {pid}",
    zh: "{name} 作为进程 {pid} 从其调用 {seq} 之后继续",
  },
  restoredSuspended: {
    en: "{name} waits behind its call {seq} as process {pid}: aios resume {pid}",
    zh: "{name} 作为进程 {pid} 停在其调用 {seq} 之后：aios resume {pid}",
  },
  forked: {
    en: "process {pid} goes its own way from call {seq} of {name} on",
    zh: "进程 {pid} 从 {name} 的调用 {seq} 之后独立运行",
  },
  back: {
    en: "{name} goes on behind its call {seq}; {calls} later calls are undone",
    zh: "{name} 从其调用 {seq} 之后继续；其后的 {calls} 个调用已撤销",
  },
  unsafe: { en: "What they did outside stays done:", zh: "它们在外部造成的影响无法撤销：" },
  unknown: { en: "it may have happened", zh: "可能已发生" },
  same: { en: "{calls} calls, same to the end", zh: "{calls} 个调用，直到结束都相同" },
  open: {
    en: "{calls} calls, all the same; {name} goes on from there",
    zh: "{calls} 个调用，全部相同；{name} 从该处继续",
  },
  killed: {
    en: "{calls} calls, all the same, up to where {name} was ended from outside",
    zh: "{calls} 个调用，全部相同，直到 {name} 被外部终止",
  },
  notBoth: {
    en: "a process is run again over its record, or --policy simulates the calls of all; not both",
    zh: "要么按记录重新运行某个进程，要么用 --policy 模拟所有调用，二者不能同时使用",
  },
} as const satisfies Record<string, Text>;
