/**
 * What words mean the same to the simulated brain, in English and Chinese: the first of a row stands for all.
 * Enough to find a tool by what a task asks for; anything else is matched by the word itself.
 */
const synonyms: readonly string[] = [
  "calculate calculator calc compute computation arithmetic evaluate math maths 计算 算 算出 求值 计算器",
  "write save store record create put append note 写 写入 保存 存 存入 记录 记下 创建 新建",
  "read open load show cat view 读 读取 打开 查看 看",
  "list ls enumerate directory folder 列 列出 目录 文件夹",
  "remove delete erase rm unlink 删 删除 移除 清除",
  "file files document notes 文件 文档 笔记",
  "date time datetime today clock calendar 日期 时间 今天 现在 当前时间 几点",
  "json jsonata 数据",
  "query extract select filter 查询 提取 筛选",
  "search find lookup google 搜索 查找 搜 检索",
  "web internet online page website url 网页 网络 网站 互联网",
  "fetch download http request browse 抓取 下载 请求 访问",
  "weather forecast temperature 天气 气温 预报",
  "send mail email message 发送 发 邮件 消息",
  "translate translation 翻译",
  "run execute shell command bash 运行 执行 命令",
  "memory remember recall memo 记忆 记住 回忆",
  "summarize summary summarise digest 总结 摘要 概括",
  "code program script python javascript 代码 程序 脚本",
  "image picture photo draw 图片 图像 画",
  "convert transform 转换 换算",
  "book reserve 预订 预定",
  "price cost quote stock 价格 股价 报价",
  "flight airplane 航班 飞机",
  "city place location address 城市 地点 地址",
  "order buy purchase 订购 购买 下单",
  "count number 数 统计 计数",
  "random dice 随机 骰子",
];

/** Words that say nothing about what a tool is for. */
const stopWords = new Set(
  (
    "a an the of to in on for from with and or is are be by as it its this that at get set do does use used using tool " +
    "tools function functions can will may should must given returns return result results whole own any all one your " +
    "you when which what who how where if not no than then into out only also each other such more most current new " +
    "text string data value api default helper call name names process what's please"
  ).split(" "),
);

const concepts = new Map<string, string>();
for (const row of synonyms) {
  const words = row.split(" ");
  for (const word of words) if (!concepts.has(word)) concepts.set(word, words[0]!);
}

/** Chinese has no spaces: words are found by this list, the longest first. */
const hanWords = [...concepts.keys()]
  .filter((word) => word.charCodeAt(0) > 0x2e80)
  .toSorted((a, b) => b.length - a.length);

export interface Mention {
  readonly concept: string;
  /** Where in the text, in code units. */
  readonly at: number;
}

/** The concepts of a text in order, without words that say nothing. */
export function mentions(text: string): Mention[] {
  const found: Mention[] = [];
  for (const match of text.matchAll(/[\p{L}\p{N}]+/gu)) {
    if (/\p{Script=Han}/u.test(match[0])) found.push(...hanMentions(match[0], match.index));
    else {
      const concept = conceptOf(match[0]);
      if (concept !== undefined) found.push({ concept, at: match.index });
    }
  }
  return found;
}

/** The words of an identifier: `file.write`, `get_current_weather`, `searchWeb`. */
export const wordsOf = (identifier: string): string[] =>
  identifier
    .replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");

export function conceptOf(word: string): string | undefined {
  const lower = word.toLowerCase();
  if (stopWords.has(lower)) return undefined;
  const known = concepts.get(lower);
  if (known !== undefined) return known;
  for (const stem of stems(lower)) {
    const concept = concepts.get(stem);
    if (concept !== undefined) return concept;
  }
  // Unknown words meet by their shortest stem: "invoices" and "invoice".
  return lower.length > 1 || /\p{Script=Han}/u.test(lower) ? (stems(lower).at(-1) ?? lower) : undefined;
}

export const isMostlyHan = (text: string): boolean => {
  const beginning = text.slice(0, 500);
  const han = beginning.match(/\p{Script=Han}/gu)?.length ?? 0;
  const latin = beginning.match(/\p{Script=Latin}+/gu)?.length ?? 0;
  return han > latin;
};

function hanMentions(run: string, start: number): Mention[] {
  const found: Mention[] = [];
  for (let at = 0; at < run.length;) {
    const word = hanWords.find((candidate) => run.startsWith(candidate, at));
    if (word === undefined) {
      at++;
      continue;
    }
    found.push({ concept: concepts.get(word)!, at: start + at });
    at += word.length;
  }
  return found;
}

/** Candidates for the base form of an English word. */
function* stemsOf(word: string): Generator<string> {
  for (const ending of ["ies", "es", "s", "ing", "ed", "er"]) {
    if (!word.endsWith(ending) || word.length - ending.length < 3) continue;
    const stem = word.slice(0, -ending.length);
    if (ending === "ies") yield `${stem}y`;
    if (ending === "ing" || ending === "ed" || ending === "er") {
      yield `${stem}e`;
      if (stem.at(-1) === stem.at(-2)) yield stem.slice(0, -1);
    }
    yield stem;
  }
}

const stems = (word: string): string[] => [...stemsOf(word)];
