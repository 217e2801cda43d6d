import type { Form } from "./form.ts";

/** Requests that change files, or who reads them. */
export const changingForms: readonly Form[] = [
  {
    verb: "write",
    does: "Writes a file whole; what stood there stays as a version.",
    en: [
      "(write|save|put) {text} (to|into|in) [the] [file] {path}",
      "(replace|overwrite) [the] [file] {path} with {text}",
    ],
    zh: [
      "(把|将) {text} (写入|写到|写进|保存到|保存为|存到|存入) [文件] {path}",
      "(写入|写|保存) {text} 到 [文件] {path}",
      "用 {text} (替换|覆盖) [文件] {path} [的内容]",
    ],
  },
  {
    verb: "create",
    does: "Makes a file that is not there yet.",
    en: [
      "(create|make|add) [a] [new] [the] [file] [called|named] {path} (with|containing|saying) {text}",
      "(create|make|add) [a] [new] [empty] file [called|named] {path}",
    ],
    zh: [
      "(创建|新建|建立) [一个] [新] [文件] {path} [，|,] 内容 (为|是) [：|:] {text}",
      "(创建|新建|建立) [一个] [新] [空] [的] 文件 {path}",
    ],
  },
  {
    verb: "append",
    does: "Writes behind the end of a file.",
    en: ["(append|add) {text} to [the end of] [the] [file] {path}"],
    zh: [
      "(把|将) {text} (追加到|添加到|附加到|加到) [文件] {path} [的] [末尾|后面|最后]",
      "(在|向) [文件] {path} [的] [末尾|后面|最后] (追加|添加|加上) {text}",
    ],
  },
  {
    verb: "mkdir",
    does: "Makes a folder.",
    en: ["(make|create|add) [a] [new] [the] (folder|directory) [called|named] {path}", "mkdir {path}"],
    zh: [
      "(创建|新建|建立|建) [一个] [新] [的] (文件夹|目录) {path}",
      "(创建|新建|建立|建) [一个] {path} (文件夹|目录)",
    ],
  },
  {
    verb: "move",
    does: "Moves a file or a folder; never over another. Behind into it goes into that folder.",
    en: ["move [the] [file|folder] {path} to {to}", "move [the] [file|folder] {path} into [the] [folder] {folder}"],
    zh: [
      "(把|将) [文件|文件夹] {path} (移动到|移到|挪到|移至) {to}",
      "(移动|挪) [文件|文件夹] {path} 到 {to}",
      "(把|将) [文件|文件夹] {path} (移动到|移到|挪到|放到|放进|移进) [文件夹|目录] {folder} (文件夹里|目录里|里面|里|中|下)",
    ],
  },
  {
    verb: "rename",
    does: "Gives a file or a folder another name, where it stands.",
    en: ["rename [the] [file|folder] {path} (to|as) {to}"],
    zh: [
      "(把|将) [文件|文件夹] {path} (重命名为|重命名成|改名为|改名成|改名叫) {to}",
      "(重命名|改名) [文件|文件夹] {path} (为|成) {to}",
    ],
  },
  {
    verb: "copy",
    does: "Copies a file or a folder; never over another. Behind into it goes into that folder.",
    en: ["copy [the] [file|folder] {path} to {to}", "copy [the] [file|folder] {path} into [the] [folder] {folder}"],
    zh: [
      "(把|将) [文件|文件夹] {path} (复制到|拷贝到|复制为) {to}",
      "(复制|拷贝) [文件|文件夹] {path} 到 {to}",
      "(把|将) [文件|文件夹] {path} (复制到|拷贝到|复制进) [文件夹|目录] {folder} (文件夹里|目录里|里面|里|中|下)",
    ],
  },
  {
    verb: "remove",
    does: "Removes files, or, where it says so, a folder with all that is in it. They can come back.",
    en: [
      "(remove|delete|rm) [the] [file|files] {paths}",
      "(remove|delete) [the] (folder|directory) {tree} [(and|with) (everything|all) [that is] in it]",
    ],
    zh: [
      "(删除|移除|删掉) [文件] {paths}",
      "(把|将) [文件] {path} (删除|移除|删掉)",
      "(删除|移除|删掉) (文件夹|目录) {tree} [(及其|和|以及) [其中的] (全部|所有) [的] 内容]",
      "(把|将) (文件夹|目录) {tree} (删除|移除|删掉)",
    ],
  },
  {
    verb: "restore",
    does: "Brings back what was removed.",
    en: ["(restore|undelete|recover|bring back) [the] [removed|deleted] [file|files|folder] {paths}"],
    zh: ["(恢复|找回|还原) [已|被] [删除] [的] [文件|文件夹] {paths}"],
  },
  {
    verb: "undo",
    does: "Takes back the last change of a file, or as many as it says.",
    en: [
      "undo [the] [last] [change|changes] [to|of|in] [the] [file] {path}",
      "undo [the] last {number} changes (to|of|in) [the] [file] {path}",
    ],
    zh: [
      "(撤销|撤消) [对] [文件] {path} [的] [最后|上次|最近] [一次] [的] [更改|修改|改动]",
      "(撤销|撤消) [对] [文件] {path} 的 (最后|最近) {number} 次 (更改|修改|改动)",
    ],
  },
  {
    verb: "rollback",
    does: "Takes a file back to a version, or a file or a folder to how it stood then.",
    en: [
      "(roll back|rollback|revert|restore|reset) [the] [file|folder] {path} to version {number}",
      "(roll back|rollback|revert|restore|reset) [the] [file|folder] {path} to [how it was] {time}",
      "(roll|take|bring|put) [the] [file|folder] {path} back to version {number}",
      "(roll|take|bring|put) [the] [file|folder] {path} back to [how it was] {time}",
    ],
    zh: [
      "(把|将) [文件|文件夹] {path} (回滚到|恢复到|还原到|退回到|退回|恢复成|还原成) [第|版本] {number} [个版本|版]",
      "(回滚|恢复|还原|退回) [文件|文件夹] {path} 到 [第|版本] {number} [个版本|版]",
      "(把|将) [文件|文件夹] {path} (回滚到|恢复到|还原到|退回到|退回|恢复成|还原成) {time} [的] [状态|样子|版本]",
      "(回滚|恢复|还原|退回) [文件|文件夹] {path} 到 {time} [的] [状态|样子|版本]",
    ],
  },
  {
    verb: "share",
    does: "Makes a link by which others read a file until the time is over.",
    en: ["share [the] [file|folder] {path} for {duration}", "share [the] [file|folder] {path}"],
    zh: [
      "(分享|共享) [文件|文件夹] {path}",
      "(分享|共享) [文件|文件夹] {path} [，|,] [有效期|期限] {duration}",
      "(把|将) [文件|文件夹] {path} (分享|共享) [，|,] [有效期|期限] {duration}",
    ],
  },
  {
    verb: "unshare",
    does: "Makes the links to a file lead nowhere.",
    en: ["(stop sharing|unshare) [the] [file|folder] {path}"],
    zh: ["(停止|取消) (分享|共享) [文件|文件夹] {path}"],
  },
  {
    verb: "mount",
    does: "Makes a folder of the machine readable as /mnt/NAME.",
    en: ["mount [the] [folder|directory] {host} as {name}", "mount [the] [folder|directory] {host}"],
    zh: [
      "挂载 [文件夹|目录] {host}",
      "挂载 [文件夹|目录] {host} (为|到) {name}",
      "(把|将) [文件夹|目录] {host} (挂载为|挂载到) {name}",
    ],
  },
];
