import type { Form } from "./form.ts";

/** Requests that change nothing. */
export const readingForms: readonly Form[] = [
  {
    verb: "read",
    does: "Shows what is in a file, or was in a version of it.",
    en: [
      "(read|show|open|print|display|cat) [me] [the] [contents of] [the] [file] {paths}",
      "(read|show|open|print|display) [me] version {number} of [the] [file] {path}",
    ],
    zh: [
      "(读取|读|查看|打开|显示) [文件] {paths} [的内容]",
      "(读取|读|查看|打开|显示) [文件] {path} 的第 {number} (个版本|版)",
    ],
  },
  {
    verb: "list",
    does: "Lists a folder.",
    en: [
      "list [all] [the] [files] (in|of) [the] [folder|directory] {path}",
      "(list|ls) [the] [folder|directory] {path}",
      "(list|ls) [[all] [the|my] files]",
      "what is in [the] [folder|directory] {path}",
    ],
    zh: [
      "(列出|列) [文件夹|目录] {path} [文件夹|目录] [里面|里|中|下] [的] [所有] [文件|内容]",
      "(列出|显示|查看) [我的|所有] 文件",
      "{path} [文件夹|目录] (里面|里|中|下) 有 (什么|哪些) [文件]",
    ],
  },
  {
    verb: "list-removed",
    does: "Lists what was removed and can come back.",
    en: ["(list|show) [me] [the] (removed|deleted) files [in [the] [folder] {path}]", "(list|show) [me] [the] trash"],
    zh: [
      "(列出|显示|查看) [已|被] 删除 [了] 的文件",
      "(列出|显示|查看) {path} (里|中) [已|被] 删除 [了] 的文件",
      "(列出|显示|查看) 回收站",
    ],
  },
  {
    verb: "history",
    does: "Shows who changed a file or what is in a folder, and when.",
    en: [
      "[show] [me] [the] history (of|for) [the] [file|folder] {path}",
      "(list|show) [me] [all] [the] versions of [the] [file|folder] {path}",
      "who changed [the] [file|folder] {path}",
    ],
    zh: [
      "[查看|显示|列出] [文件|文件夹] {path} 的 [修改|版本|变更] (历史记录|历史|记录)",
      "(查看|显示|列出) [文件|文件夹] {path} 的 [所有|全部] 版本",
      "谁 (修改|改动|改) (过|了) [文件|文件夹] {path}",
    ],
  },
  {
    verb: "diff",
    does: "Shows what the last change of a file changed, or what differs from a version or between two.",
    en: [
      "(diff|compare) [the] [file] {path}",
      "what changed in [the] [file] {path}",
      "(diff|compare) [the] [file] {path} (with|to|against) version {number}",
      "(diff|compare) versions {number} and {number2} of [the] [file] {path}",
    ],
    zh: [
      "(比较|对比) [文件] {path} [的改动]",
      "[文件] {path} 改了什么",
      "(比较|对比) [文件] {path} (和|与) 第 {number} (个版本|版)",
      "(比较|对比) [文件] {path} 的第 {number} (个版本|版) (和|与) 第 {number2} (个版本|版)",
    ],
  },
  {
    verb: "search",
    does: "Finds files by what is in them, with whatever is said of times, authors, kinds and folders.",
    en: ["(find|search for|search|look for) {query}"],
    zh: ["(查找|搜索|寻找|找出|找到|找|搜) {query}"],
  },
];
