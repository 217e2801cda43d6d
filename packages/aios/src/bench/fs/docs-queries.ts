import type { Lang } from "../mem/dialogue.ts";
import { list } from "./list.ts";

/** A question, and the pages of `docs/` that answer it, each alone enough. Written by hand from the pages' contents. */
export interface DocsQuery {
  readonly lang: Lang;
  readonly text: string;
  readonly pages: readonly string[];
}

const english = list(`
  run a GGUF file inside the kernel without a server | how-to/local-model.md
  how do I add a provider with its API key | how-to/cores.md
  start a program every weekday morning at a fixed time | how-to/cron.md
  turn texts into vectors with an OpenAI client | how-to/embeddings.md
  migrate from the Python version | how-to/from-python-aios.md
  download a model from the Hugging Face hub | how-to/hugging-face.md
  which processes are there and what are they doing | how-to/look-at-processes.md
  use Qdrant or Chroma for vector search | how-to/memory-index.md
  remember something across restarts and find it again | how-to/memory.md
  send a message from one process to another | how-to/messages.md
  write a TypeScript program that continues after the kernel was killed | how-to/modules.md
  record the answers of a model and play them back in a test | how-to/replay.md
  keep a command running while the kernel restarts | how-to/restarts.md
  fall back to another model when the first one fails | how-to/routing.md
  cheapest model first, prices per million tokens | how-to/routing.md
  change the scheduling policy to priorities or deadlines | how-to/scheduling.md
  what is lost in a power failure | how-to/survive.md design/durability.md
  back up the home at night | how-to/survive.md
  undo what an agent did and go on from an earlier call | how-to/turning-back.md
  fork a running agent | how-to/turning-back.md
  move a process to another machine in one file | how-to/turning-back.md
  answer equal requests without asking the model again | how-to/cache.md
  conversation too long for the context window | how-to/context.md
  use Codex or Claude Code with AIOS | how-to/agent-clis.md
  how the journal commits and syncs | design/durability.md
  what is a lane and when may a call leave it | design/scheduling.md
  the four concepts of the system | design/house.md
  map of the folders of the source code | design/house.md
  why does a provider without a key not stop the start | decisions/2026-11-21-a-core-may-be-down.md
  why is ageing a key that never changes | decisions/2026-11-21-ageing-is-a-fixed-key.md
  which specification of the AI SDK is spoken | decisions/2026-11-21-ai-sdk-packages.md
  who parses cron expressions and time zones | decisions/2026-11-21-cron-expressions.md
  list of runtime dependencies and why each is there | decisions/2026-11-21-dependencies.md
  difference between hold, suspend and refuse when money is spent | decisions/2026-11-21-hold-or-suspend.md
  two kernels on one home, lock and fence | decisions/2026-11-21-one-fence-per-kernel.md
  packages that are loaded only when the configuration names them | decisions/2026-11-21-optional-peers.md
  where are secrets kept on disk | decisions/2026-11-21-provider-keys-in-the-home.md
  PostgreSQL and SQLite behind one interface | decisions/2026-11-21-the-sql-port.md
  preventing starvation of the call that waits longest | decisions/2026-11-21-turns-of-the-oldest.md
  sharing notes among several agents | decisions/2026-11-22-groups.md
  limit on how many notes can be found | decisions/2026-11-22-note-quotas.md
  are recalled notes put into the system prompt | decisions/2026-11-22-recall.md
  environment variable or flag or file, which setting wins | reference/configuration.md
  exit codes of the command line | reference/cli.md
  measured speed of indexing and searching notes | reference/benchmarks.md
  which SDKs and frameworks have been tested as clients | reference/clients.md
  fields that a dialect cannot express, x-aios-left-out | reference/dialects.md
  arguments and results of every system call | reference/syscalls.md
  how was each feature verified | reference/verified.md`);

const chinese = list(`
  命令行的退出码 | reference/cli.zh-CN.md
  如何查看所有进程 aios ps | reference/cli.zh-CN.md how-to/look-at-processes.md
  在本机上运行基准测试 | reference/cli.zh-CN.md
  限速或队列已满时返回什么 | reference/cli.zh-CN.md
  GGUF 模型 llama.cpp 本地运行 | how-to/local-model.md
  从 Hugging Face 下载模型 | how-to/hugging-face.md
  用 cron 定时启动程序 aios cron add | how-to/cron.md reference/cli.zh-CN.md
  嵌入向量接口 /v1/embeddings | how-to/embeddings.md
  向量检索改用 Qdrant 或 Chroma | how-to/memory-index.md
  内核 kill -9 之后什么还在 | how-to/survive.md design/durability.md
  用 aios rollback 让进程退回之前 | how-to/turning-back.md reference/cli.zh-CN.md
  aios fork 复制一个进程 | how-to/turning-back.md reference/cli.zh-CN.md
  进程之间收发消息 proc.send | how-to/messages.md
  用 TypeScript 写 module 程序 defineAgent | how-to/modules.md
  replay 录制与回放模型回答 | how-to/replay.md
  aios run --restart 重新启动命令 | how-to/restarts.md reference/cli.zh-CN.md decisions/2026-11-21-parents-start-commands-again.md
  router 路由 fallback 备用模型 | how-to/routing.md
  scheduler.policy 调度策略 | how-to/scheduling.md design/scheduling.md reference/configuration.md
  Codex 和 Claude Code 如何接入 | how-to/agent-clis.md
  从 Python 版 aios 迁移 config.yaml | how-to/from-python-aios.md
  PostgreSQL 与 SQLite 的 SQL port | decisions/2026-11-21-the-sql-port.md
  x-aios-left-out 是什么 | reference/dialects.md
  笔记 mem.add 记忆 | how-to/memory.md decisions/2026-11-22-notes.md reference/syscalls.md
  OpenAI 客户端兼容性 clients | reference/clients.md`);

const parsed = (lang: Lang, lines: readonly string[]): DocsQuery[] =>
  lines.map((line) => {
    const [text = "", pages = ""] = line.split(" | ");
    return { lang, text, pages: pages.split(" ") };
  });

export const docsQueries: readonly DocsQuery[] = [...parsed("en", english), ...parsed("zh", chinese)];
