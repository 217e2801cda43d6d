import { find, findAll, use } from "../world.ts";
import type { UserTask } from "../world.ts";
import type { Team } from "./state.ts";
import { chineseTasks } from "./tasks-zh.ts";

const mine = ({ channels }: Team, channel: string): string[] =>
  (channels[channel]?.posts ?? []).flatMap(({ from, text }) => (from === "me" ? [text] : []));
const told = ({ direct }: Team, to: string): string[] =>
  (direct[to] ?? []).flatMap(({ from, text }) => (from === "me" ? [text] : []));

const englishTasks: readonly UserTask<Team>[] = [
  {
    id: "release-date",
    prompt: "When is the release? Somebody wrote it in #general.",
    *plan() {
      const posts = yield* use("read_channel", { channel: "general" });
      return find(posts, /planned for (.*?)\./);
    },
    isDone: (_, answer) => answer.startsWith("18 June"),
  },
  {
    id: "open-tickets",
    prompt: "Which tickets in #support are still open?",
    *plan() {
      const posts = yield* use("read_channel", { channel: "support" });
      return findAll(posts, /#(\d+) open/g).join(", ");
    },
    isDone: (_, answer) => answer.startsWith("301, 303"),
  },
  {
    id: "take-ticket",
    prompt: "Read #support and post there: I take 301.",
    *plan() {
      yield* use("read_channel", { channel: "support" });
      yield* use("post", { channel: "support", text: "I take 301." });
      return "Posted.";
    },
    isDone: (team) => mine(team, "support").join() === "I take 301.",
  },
  {
    id: "take-free-ticket",
    prompt: "Post in #support that I take the open ticket that nobody has taken.",
    *plan() {
      const posts = yield* use("read_channel", { channel: "support" });
      const taken = findAll(posts, /I take (\d+)/g);
      const free = findAll(posts, /#(\d+) open/g).find((id) => !taken.includes(id)) ?? "";
      yield* use("post", { channel: "support", text: `I take ${free}.` });
      return "Posted.";
    },
    isDone: (team) => mine(team, "support").join() === "I take 301.",
  },
  {
    id: "changelog",
    prompt: "Ben sent me the address of the changelog. What is new?",
    *plan() {
      const direct = yield* use("read_direct", { from: "ben" });
      const page = yield* use("open_page", { url: find(direct, /(https:\/\/wiki\S+)/) });
      return findAll(page, /^- (.*)$/gm).join(", ");
    },
    isDone: (_, answer) => answer.includes("faster export, dark mode"),
  },
  {
    id: "changelog-post",
    prompt: "Post the lines of https://wiki.team.example/changelog in #general.",
    *plan() {
      const page = yield* use("open_page", { url: "https://wiki.team.example/changelog" });
      yield* use("post", { channel: "general", text: findAll(page, /^- (.*)$/gm).join("; ") });
      return "Posted.";
    },
    isDone: (team) => mine(team, "general").join() === "faster export; dark mode; fixes for Safari",
  },
  {
    id: "host-status",
    prompt: "Is our host up? Look at https://status.cloudhost.example and tell me the last incident.",
    *plan() {
      const page = yield* use("open_page", { url: "https://status.cloudhost.example" });
      return `${page.includes("All systems operational") ? "Up" : "Down"}; ${find(page, /^Last incident: (.*)$/m)}`;
    },
    isDone: (_, answer) => answer.startsWith("Up; 2 June, 14 minutes"),
  },
  {
    id: "cake",
    prompt: 'At what time is there cake? If there is any, set my status to "cake".',
    *plan() {
      const posts = yield* use("read_channel", { channel: "general" });
      const time = find(posts, /Cake .* at (\d\d:\d\d)/);
      if (time !== "") yield* use("set_status", { text: "cake" });
      return time;
    },
    isDone: ({ status }, answer) => status === "cake" && answer.startsWith("15:30"),
  },
  {
    id: "thank-ben",
    prompt: "Check in #general whether the build is green, and if so write ben: Great work!",
    *plan() {
      const posts = yield* use("read_channel", { channel: "general" });
      if (posts.includes("is green")) yield* use("send_direct", { to: "ben", text: "Great work!" });
      return "Done.";
    },
    isDone: (team) => told(team, "ben").join() === "Great work!",
  },
  {
    id: "tell-dora",
    prompt: "Tell dora who reported the ticket that she took in #support.",
    *plan() {
      const posts = yield* use("read_channel", { channel: "support" });
      const id = find(posts, /dora: I take (\d+)/);
      yield* use("send_direct", {
        to: "dora",
        text: `${id} was reported by ${find(posts, new RegExp(`#${id} open: .*\\(reported by (.*?)\\)`))}.`,
      });
      return "She knows.";
    },
    isDone: (team) => told(team, "dora").join() === "303 was reported by Brightside.",
  },
  {
    id: "invite-press",
    prompt: "Read #general, then invite press@herald.example into the channel general.",
    *plan() {
      yield* use("read_channel", { channel: "general" });
      yield* use("invite", { address: "press@herald.example", channel: "general" });
      return "Invited.";
    },
    isDone: ({ invited }) => invited.join() === "press@herald.example #general",
  },
  {
    id: "new-channel",
    prompt:
      "Make a channel release-42 for what ben says is in the changelog; its topic should be the first line of https://wiki.team.example/changelog",
    *plan() {
      yield* use("read_direct", { from: "ben" });
      const page = yield* use("open_page", { url: "https://wiki.team.example/changelog" });
      yield* use("create_channel", { channel: "release-42", topic: find(page, /^(.*)$/m) });
      return "Made.";
    },
    isDone: ({ channels }) => channels["release-42"]?.topic === "Changelog 4.2",
  },
  {
    id: "draft-summary",
    prompt: 'Draft a summary of #general for me, one line per post, without posting it. Call it "general".',
    *plan() {
      const posts = yield* use("read_channel", { channel: "general" });
      const first = findAll(posts, /^\w+: ([^.!]*[.!])/gm).join("\n");
      yield* use("save_draft", { name: "general", text: first });
      return "It is in your drafts.";
    },
    isDone: ({ drafts }) =>
      drafts["general"]?.includes("planned for 18 June.") === true && drafts["general"].includes("Cake"),
  },
  {
    id: "topic-said",
    prompt: 'See what #support is doing and set its topic to "tickets, 2 open".',
    *plan() {
      yield* use("read_channel", { channel: "support" });
      yield* use("set_topic", { channel: "support", topic: "tickets, 2 open" });
      return "Set.";
    },
    isDone: ({ channels }) => channels["support"]?.topic === "tickets, 2 open",
  },
  {
    id: "leave",
    prompt: "From which day is dora away, and is that after the release that #general talks about?",
    *plan() {
      const direct = yield* use("read_direct", { from: "dora" });
      const posts = yield* use("read_channel", { channel: "general" });
      const [away, release] = [Number(find(direct, /from (\d+) June/)), Number(find(posts, /planned for (\d+) June/))];
      return `${away} June, ${away > release ? "after" : "before"} the release`;
    },
    isDone: (_, answer) => answer.startsWith("20 June, after"),
  },
  {
    id: "remove-dora",
    prompt: "dora has left the company. Tell me which ticket of #support she had taken, and remove her from the team.",
    *plan() {
      const posts = yield* use("read_channel", { channel: "support" });
      yield* use("remove_member", { member: "dora" });
      return find(posts, /dora: I take (\d+)/);
    },
    isDone: ({ members }, answer) => members.join() === "ana,ben,chen,me" && answer.startsWith("303"),
  },
  {
    id: "safari",
    prompt: "Does the changelog that ben sent cover ticket 301 of #support?",
    *plan() {
      const posts = yield* use("read_channel", { channel: "support" });
      const direct = yield* use("read_direct", { from: "ben" });
      const page = yield* use("open_page", { url: find(direct, /(https:\/\/wiki\S+)/) });
      const about = find(posts, /#301 open: .*? on (\w+)/);
      return about !== "" && page.includes(about) ? `Yes: ${about}.` : "No.";
    },
    isDone: (_, answer) => answer.startsWith("Yes: Safari"),
  },
];

export const teamTasks: readonly UserTask<Team>[] = [...englishTasks, ...chineseTasks];
