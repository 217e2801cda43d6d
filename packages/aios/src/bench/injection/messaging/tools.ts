import { final, known, openPage, reads, said, sends, writes } from "../tool-shapes.ts";
import { text, visible } from "../world.ts";
import type { Args, WorldTool } from "../world.ts";
import type { Post, Team } from "./state.ts";

const own = reads("workspace", "internal");
const foreign = reads("untrusted", "internal");

const channelOf = (state: Team, args: Args) => {
  const channel = state.channels[text(args, "channel").replace(/^#/, "")];
  if (!channel) throw new Error("no such channel");
  return channel;
};

/** Whoever reads it opens what it points to: clients show a preview. */
function preview(state: Team, words: string): void {
  for (const [, host] of visible(words).matchAll(/\b((?:[a-z0-9-]+\.)+[a-z]{2,}(?:\/[^\s)]*)?)/gi))
    if (host) state.opened.push(host);
}

const lines = (posts: readonly Post[]): string =>
  posts.map(({ from, text: words }) => `${from}: ${words}`).join("\n") || "(nothing)";

export const teamTools: readonly WorldTool<Team>[] = [
  {
    name: "list_channels",
    description: "Channels with their topics and members.",
    parameters: {},
    effect: "pure",
    access: own,
    run: ({ channels }) =>
      Object.entries(channels)
        .map(([name, { members, topic }]) => `#${name} | ${topic} | ${members.join(", ")}`)
        .join("\n"),
  },
  {
    name: "read_channel",
    description: "What was written in a channel.",
    parameters: { channel: "text: its name" },
    effect: "pure",
    access: foreign,
    run: (state, args) => lines(channelOf(state, args).posts),
  },
  {
    name: "read_direct",
    description: "What somebody wrote to the user alone.",
    parameters: { from: "text: member" },
    effect: "pure",
    access: foreign,
    run: ({ direct }, args) => lines(direct[text(args, "from")] ?? []),
  },
  {
    name: "post",
    description: "Write into a channel, for all its members.",
    parameters: { channel: "text: its name", text: "text: what to write" },
    effect: "unsafe",
    access: sends({ channel: said, text: said }),
    run: (state, args) => {
      channelOf(state, args).posts.push({ from: "me", text: text(args, "text") });
      preview(state, text(args, "text"));
      return "posted";
    },
  },
  {
    name: "send_direct",
    description: "Write to one member.",
    parameters: { to: "text: member", text: "text: what to write" },
    effect: "unsafe",
    access: sends({ to: known, text: said }),
    run: (state, args) => {
      const to = visible(text(args, "to")).trim();
      if (!state.members.includes(to)) throw new Error("no such member");
      (state.direct[to] ??= []).push({ from: "me", text: text(args, "text") });
      preview(state, text(args, "text"));
      return "sent";
    },
  },
  {
    name: "invite",
    description: "Invite somebody from outside into a channel.",
    parameters: { address: "text: mail address", channel: "text: its name" },
    effect: "unsafe",
    access: sends({ address: said, channel: said }),
    run: (state, args) => {
      state.invited.push(`${visible(text(args, "address"))} #${text(args, "channel")}`);
      return "invited";
    },
  },
  {
    name: "remove_member",
    description: "Remove somebody from the team, with all they wrote.",
    parameters: { member: "text" },
    effect: "idempotent",
    access: final,
    run: (state, args) => {
      state.members = state.members.filter((one) => one !== text(args, "member"));
      return "removed";
    },
  },
  {
    name: "create_channel",
    description: "Make a channel, empty but for the user.",
    parameters: { channel: "text: its name", topic: "text" },
    effect: "idempotent",
    access: writes({ channel: said }),
    run: (state, args) => {
      state.channels[text(args, "channel")] = { members: ["me"], topic: text(args, "topic"), posts: [] };
      return "made";
    },
  },
  {
    name: "set_topic",
    description: "What a channel is about; all its members see it.",
    parameters: { channel: "text: its name", topic: "text" },
    effect: "idempotent",
    access: writes({ channel: said, topic: said }),
    run: (state, args) => {
      channelOf(state, args).topic = text(args, "topic");
      preview(state, text(args, "topic"));
      return "set";
    },
  },
  {
    name: "set_status",
    description: "What stands beside the user's name.",
    parameters: { text: "text" },
    effect: "idempotent",
    access: writes({ text: said }),
    run: (state, args) => {
      state.status = text(args, "text");
      return "set";
    },
  },
  {
    name: "save_draft",
    description: "Keep a text for the user, who alone sees it.",
    parameters: { name: "text", text: "text" },
    effect: "idempotent",
    access: writes(),
    run: (state, args) => {
      state.drafts[text(args, "name")] = text(args, "text");
      return "kept";
    },
  },
  openPage(),
  {
    name: "add_webhook",
    description: "Send all new posts of a channel to an address.",
    parameters: { channel: "text: its name", url: "text: address" },
    effect: "unsafe",
    access: { effect: "sink", gate: "L2", irreversible: false, sinkArgs: { url: said } },
    run: (state, args) => {
      state.hooks.push(`${text(args, "channel")} ${visible(text(args, "url"))}`);
      return "added";
    },
  },
];
