import type { FaultName } from "../../model-pull.ts";
import type { Text } from "../text.ts";

/** What `llm pull` says. */
export const pullText = {
  chosen: { en: "{file}: {size}", zh: "{file}：{size}" },
  chosenBeside: { en: "{file} and {count} files beside it: {size}", zh: "{file} 及其 {count} 个附属文件：{size}" },
  preferred: {
    en: "of several files {name} was chosen; hf:OWNER/REPO:FILE takes another one",
    zh: "有多个文件，已选择 {name}；用 hf:所有者/仓库:文件 可指定其他文件",
  },
  kept: { en: "{file} is there already, and its checksum is right", zh: "{file} 已存在，校验和正确" },
  damaged: {
    en: "{file} was there with a wrong checksum: it is fetched again",
    zh: "{file} 已存在但校验和不符：重新下载",
  },
  resumed: { en: "{file}: goes on after {size}", zh: "{file}：从 {size} 处继续下载" },
  waiting: {
    en: "{file}: another pull is fetching it; this one waits",
    zh: "{file}：另一个下载正在进行，等待其完成",
  },
  stays: {
    en: "what has come stays in the cache: the same command goes on from there",
    zh: "已下载的部分保留在缓存中：再次执行同一命令即可继续",
  },
  done: { en: "sha256 {sha256}", zh: "sha256 {sha256}" },
  useIt: {
    en: "use it: aios llm add {name} --kind {kind} --model-path {reference}",
    zh: "使用：aios llm add {name} --kind {kind} --model-path {reference}",
  },
} as const satisfies Record<string, Text>;

/** What went wrong, and what to do next. */
export const pullFaults = {
  reference: {
    what: { en: '"{text}" names no weights', zh: "“{text}”不是有效的权重引用" },
    next: {
      en: "write hf:OWNER/REPO, hf:OWNER/REPO:FILE or hf:OWNER/REPO@REVISION:FILE",
      zh: "格式：hf:所有者/仓库、hf:所有者/仓库:文件 或 hf:所有者/仓库@版本:文件",
    },
  },
  endpoint: {
    what: { en: 'HF_ENDPOINT is "{text}", which is no address', zh: "HF_ENDPOINT 的值“{text}”不是有效地址" },
    next: { en: "unset it, or set it to the address of a mirror", zh: "取消设置，或改为镜像站的地址" },
  },
  noRepo: {
    what: { en: "{host} shows no model {repo}", zh: "{host} 上没有可见的模型 {repo}" },
    next: {
      en: "look at the spelling; a private model wants HF_TOKEN (aios env set HF_TOKEN)",
      zh: "请检查拼写；私有模型需要 HF_TOKEN（aios env set HF_TOKEN）",
    },
  },
  noRevision: {
    what: { en: "{repo} has no revision {revision}", zh: "{repo} 没有版本 {revision}" },
    next: { en: "without @REVISION it is main", zh: "不写 @版本 时使用 main" },
  },
  noFile: {
    what: { en: '{repo} has no weights "{file}"', zh: "{repo} 中没有权重“{file}”" },
    next: { en: "there are {files}", zh: "可选：{files}" },
  },
  noWeights: {
    what: {
      en: "{repo} has neither GGUF files nor onnx/model*.onnx",
      zh: "{repo} 既没有 GGUF 文件，也没有 onnx/model*.onnx",
    },
    next: {
      en: "look for a GGUF or an ONNX edition of it (onnx-community/…), or ask it on the router: aios llm add huggingface",
      zh: "请查找其 GGUF 或 ONNX 版本（onnx-community/…），或使用路由端点：aios llm add huggingface",
    },
  },
  severalFiles: {
    what: {
      en: "{repo} has several files and none that is usually meant",
      zh: "{repo} 有多个文件，无法确定使用哪一个",
    },
    next: {
      en: "name one, as hf:{repo}:{example}; there are {files}",
      zh: "请指定，如 hf:{repo}:{example}；可选：{files}",
    },
  },
  partsMissing: {
    what: { en: "{repo} lacks parts of {file}", zh: "{repo} 缺少 {file} 的部分分片" },
    next: { en: "the repository is not complete; take another file", zh: "该仓库不完整；请选择其他文件" },
  },
  gated: {
    what: { en: "{repo} is gated: its owner wants your consent first", zh: "{repo} 需要先同意其所有者的条款" },
    next: {
      en: "agree at {url}, then aios env set HF_TOKEN with a key of that account",
      zh: "在 {url} 同意条款后，用该账户的令牌执行 aios env set HF_TOKEN",
    },
  },
  wrongToken: {
    what: { en: "{host} does not know the key HF_TOKEN", zh: "{host} 不认可 HF_TOKEN 令牌" },
    next: {
      en: "aios env set HF_TOKEN with a new one, or unset it: public models want none",
      zh: "用新令牌执行 aios env set HF_TOKEN，或取消设置：公开模型不需要令牌",
    },
  },
  offline: {
    what: { en: "HF_HUB_OFFLINE is set: nothing is fetched", zh: "已设置 HF_HUB_OFFLINE：不会下载" },
    next: { en: "unset it, and run the command again", zh: "取消设置后重试" },
  },
  tooMany: {
    what: { en: "{host} refuses more requests for now{when}", zh: "{host} 暂时拒绝更多请求{when}" },
    next: {
      en: "try again in some minutes; with HF_TOKEN more is allowed",
      zh: "几分钟后重试；设置 HF_TOKEN 可提高限额",
    },
  },
  noHub: {
    what: { en: "{host} cannot be reached: {detail}", zh: "无法连接 {host}：{detail}" },
    next: {
      en: "HF_ENDPOINT names a mirror, HTTPS_PROXY a proxy; the same command goes on where it stopped",
      zh: "HF_ENDPOINT 指定镜像，HTTPS_PROXY 指定代理；再次执行同一命令即可继续",
    },
  },
  refused: {
    what: { en: "{host} answered {status} {detail}", zh: "{host} 返回 {status} {detail}" },
    next: {
      en: "try again later; the same command goes on where it stopped",
      zh: "请稍后重试；再次执行同一命令即可继续",
    },
  },
  brokenAnswer: {
    what: { en: "{host} does not answer as the hub does: {detail}", zh: "{host} 的响应不符合 Hub 的格式：{detail}" },
    next: { en: "look at HF_ENDPOINT", zh: "请检查 HF_ENDPOINT" },
  },
  brokenOff: {
    what: {
      en: "{file}: the connection breaks off again and again ({detail})",
      zh: "{file}：连接反复中断（{detail}）",
    },
    next: { en: "the same command goes on where it stopped", zh: "再次执行同一命令即可继续" },
  },
  checksum: {
    what: {
      en: "{file} of {repo} came with a wrong checksum and was thrown away",
      zh: "{repo} 的 {file} 校验和不符，已丢弃",
    },
    next: {
      en: "fetch it again, without a proxy or mirror that changes it",
      zh: "请重新下载，并避免使用会改动内容的代理或镜像",
    },
  },
  full: {
    what: { en: "{folder} has no room: {detail}", zh: "{folder} 空间不足：{detail}" },
    next: { en: "make room, or name another cache with HF_HOME", zh: "请腾出空间，或用 HF_HOME 指定其他缓存目录" },
  },
  unwritable: {
    what: { en: "{folder} cannot be written: {detail}", zh: "{folder} 无法写入：{detail}" },
    next: {
      en: "mend its rights, or name another cache with HF_HOME",
      zh: "请修正其权限，或用 HF_HOME 指定其他缓存目录",
    },
  },
} as const satisfies Record<FaultName, { what: Text; next: Text }>;
