import type { Text } from "../text.ts";

/** What `audit` says. */
export const auditText = {
  none: {
    en: "there is no audit log yet: it begins with the first event that a kernel records",
    zh: "尚无审计日志：内核记录第一个事件时开始",
  },
  whole: {
    en: "entries {first} to {last} are what was written: {events} events",
    zh: "第 {first} 至 {last} 条与写入时一致：{events} 个事件",
  },
  forgotten: {
    en: "entries before {first} were forgotten, and an entry says so",
    zh: "第 {first} 条之前已清理，日志中有记录",
  },
  older: {
    en: "events up to number {seq} are older than the log, and not in it",
    zh: "编号不大于 {seq} 的事件早于审计日志，不在其中",
  },
  signed: {
    en: "signed up to entry {number} at {at} by {key}",
    zh: "签名至第 {number} 条，时间 {at}，公钥 {key}",
  },
  unsigned: { en: "nothing is signed", zh: "没有签名" },
  behind: {
    en: "{count} behind it are not signed yet: whoever can write the journal could cut them off unseen",
    zh: "其后 {count} 条尚未签名：能写日志文件的人可以不留痕迹地截去",
  },
  replaced: {
    en: "at entry {number} the key {from} was replaced by {to}",
    zh: "第 {number} 条处密钥 {from} 换为 {to}",
  },
  keep: {
    en: "keep this elsewhere, to see later that nothing was cut off: --expect {number}:{hash}",
    zh: "请另存此值，日后可验证末尾未被截去：--expect {number}:{hash}",
  },
  broken: { en: "broken at entry {number}{event}: {what}", zh: "第 {number} 条{event}有误：{what}" },
  brokenOutside: { en: "broken{event}: {what}", zh: "有误{event}：{what}" },
  ofEvent: { en: " (event {seq}, {topic})", zh: "（事件 {seq}，{topic}）" },
  looking: { en: "looking at the audit log", zh: "正在检查审计日志" },
  event: { en: "the event is not what was written", zh: "事件与写入时不同" },
  hash: { en: "its hash is not what was written; the event is", zh: "其哈希与写入时不同；事件无误" },
  entry: { en: "another one stands there", zh: "此处是另一条" },
  gone: { en: "it is missing", zh: "该条缺失" },
  cutOff: { en: "it is missing, and so is all that stood behind it", zh: "该条及其后的全部缺失" },
  end: {
    en: "it stands behind the noted end, or the noted end is another one",
    zh: "它在记录的末尾之后，或记录的末尾不同",
  },
  stray: { en: "the event is in no entry: it was put in by hand", zh: "事件不在任何条目中：由外部写入" },
  cut: {
    en: "what stood before it is gone, and no entry says that it was forgotten",
    zh: "之前的条目缺失，且没有清理记录",
  },
  checkpoint: {
    en: "what was signed is another log, or the signature is missing or none",
    zh: "所签名的是另一份日志，或签名缺失、无效",
  },
  key: { en: "it is signed by another key", zh: "由另一把密钥签名" },
  noKey: {
    en: "--public-key is neither 64 hexadecimal digits nor a file with an Ed25519 key: {key}",
    zh: "--public-key 既不是 64 位十六进制数，也不是含 Ed25519 密钥的文件：{key}",
  },
  noExpected: {
    en: "--expect takes NUMBER:HASH, as an earlier look has told it",
    zh: "--expect 的格式为 序号:哈希，取自先前的检查结果",
  },
  noJournal: {
    en: "journal.url keeps the journal in memory: only its running kernel can be asked",
    zh: "journal.url 将日志保存在内存中：只能询问正在运行的内核",
  },
} as const satisfies Record<string, Text>;
