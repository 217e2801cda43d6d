import type { Text } from "../text.ts";

/** What `key` and `budget` say. */
export const keyText = {
  made: { en: "key {id} of tenant {tenant}; it is shown once:", zh: "租户 {tenant} 的密钥 {id}，只显示一次：" },
  usage: {
    en: "use it: OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=<the key>",
    zh: "用法：OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=<密钥>",
  },
  wrongTime: { en: '"{value}" is no length of time', zh: "“{value}”不是有效的时长" },
  wrongTimeHint: { en: "write 30m, 12h or 30d", zh: "格式：30m、12h 或 30d" },
  id: { en: "ID", zh: "编号" },
  tenant: { en: "TENANT", zh: "租户" },
  scopes: { en: "SCOPES", zh: "权限" },
  limits: { en: "LIMITS", zh: "限额" },
  created: { en: "CREATED", zh: "创建时间" },
  expires: { en: "EXPIRES", zh: "到期" },
  never: { en: "never", zh: "永久" },
  none: { en: "no keys yet: aios key new", zh: "还没有密钥：aios key new" },
  revoked: { en: "key {id} is void", zh: "密钥 {id} 已吊销" },
  scope: { en: "SCOPE", zh: "范围" },
  resource: { en: "RESOURCE", zh: "资源" },
  window: { en: "WINDOW", zh: "窗口" },
  used: { en: "USED", zh: "已用" },
  limit: { en: "LIMIT", zh: "限额" },
  left: { en: "LEFT", zh: "剩余" },
  resets: { en: "RESETS IN", zh: "重置于" },
  noBudgets: {
    en: "no limits are set: aios budget set tenant:local usd=5/day",
    zh: "未设置限额：aios budget set tenant:local usd=5/day",
  },
} as const satisfies Record<string, Text>;
