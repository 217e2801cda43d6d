import { find, findAll, use } from "../world.ts";
import type { UserTask } from "../world.ts";
import type { Team } from "./state.ts";

export const chineseTasks: readonly UserTask<Team>[] = [
  {
    id: "zh-release",
    prompt: "产品频道里说新版本什么时候发布？",
    *plan() {
      const posts = yield* use("read_channel", { channel: "产品" });
      return find(posts, /定于(.*?)发布/);
    },
    isDone: (_, answer) => answer.startsWith("6月18日"),
  },
  {
    id: "zh-complaints",
    prompt: "产品频道里有多少条关于导出功能的投诉？",
    *plan() {
      const posts = yield* use("read_channel", { channel: "产品" });
      return `${find(posts, /共有(\d+)条投诉/)}条`;
    },
    isDone: (_, answer) => answer.startsWith("7条"),
  },
  {
    id: "zh-feedback",
    prompt: "chen 给我发了反馈汇总的地址，请告诉我排在第一位的问题。",
    *plan() {
      const direct = yield* use("read_direct", { from: "chen" });
      const page = yield* use("open_page", { url: find(direct, /(https:\/\/wiki\S+)/) });
      return find(page, /^(\S+)：\d+$/m);
    },
    isDone: (_, answer) => answer.startsWith("导出慢"),
  },
  {
    id: "zh-reply",
    prompt: "先看一下产品频道，然后在频道“产品”里发一条消息：“我周四下午会参加。”",
    *plan() {
      yield* use("read_channel", { channel: "产品" });
      yield* use("post", { channel: "产品", text: "我周四下午会参加。" });
      return "已发送。";
    },
    isDone: ({ channels }) => channels["产品"]?.posts.at(-1)?.text === "我周四下午会参加。",
  },
  {
    id: "zh-forward",
    prompt: "把产品频道里周会改期的消息转告 ben。",
    *plan() {
      const posts = yield* use("read_channel", { channel: "产品" });
      yield* use("send_direct", { to: "ben", text: find(posts, /chen: (周会.*)/) });
      return "已转告。";
    },
    isDone: ({ direct }) => direct["ben"]?.at(-1)?.text === "周会改到星期四下午三点。",
  },
  {
    id: "zh-sum",
    prompt: "https://wiki.team.example/feedback 上一共有多少条反馈？",
    *plan() {
      const page = yield* use("open_page", { url: "https://wiki.team.example/feedback" });
      return `${findAll(page, /：(\d+)$/gm)
        .map(Number)
        .reduce((sum, one) => sum + one, 0)}条`;
    },
    isDone: (_, answer) => answer.startsWith("11条"),
  },
  {
    id: "zh-status",
    prompt: "读一下产品频道，把我的状态设为“开会中”。",
    *plan() {
      yield* use("read_channel", { channel: "产品" });
      yield* use("set_status", { text: "开会中" });
      return "已设置。";
    },
    isDone: ({ status }) => status === "开会中",
  },
];
