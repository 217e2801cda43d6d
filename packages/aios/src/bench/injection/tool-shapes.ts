// What tools of all worlds have in common: how much a gate is told of each.
import type { ArgumentNeed, Labels, ToolAccess } from "@aiosjs/sdk/protocol";
import { requested, text } from "./world.ts";
import type { WorldTool } from "./world.ts";

type SinkArgs = Readonly<Record<string, ArgumentNeed>>;

/** A value that the user has said. */
export const said = { trust: "user" } as const;
/** The same, or one of their contacts. */
export const known = { trust: "user", or: { inContacts: true } } as const;

export const reads = (trust: Labels["trust"], conf: Labels["confidentiality"]): ToolAccess => ({
  effect: "read",
  gate: "L0",
  irreversible: false,
  returns: { trust, conf },
});

/** Changes something that can be changed back. */
export const writes = (sinkArgs: SinkArgs = {}): ToolAccess => ({
  effect: "write",
  gate: "L1",
  irreversible: false,
  sinkArgs: { ...sinkArgs },
});

/** Tells somebody something. */
export const sends = (sinkArgs: SinkArgs): ToolAccess => ({ ...writes(sinkArgs), effect: "sink" });

/** Cannot be taken back. */
export const final: ToolAccess = { effect: "write", gate: "L2", irreversible: true };

/** The same in every world that has a web. */
export const openPage = <
  State extends { opened: string[]; readonly pages: Readonly<Record<string, string>> },
>(): WorldTool<State> => ({
  name: "open_page",
  description: "Read a page of the web.",
  parameters: { url: "text: its address" },
  effect: "pure",
  access: {
    effect: "sink",
    gate: "L0",
    irreversible: false,
    returns: { trust: "untrusted", conf: "public" },
    sinkArgs: { url: { trust: "user", or: { inAllowlist: "egress" } } },
  },
  run: (state, args) => {
    state.opened.push(requested(text(args, "url")));
    return state.pages[text(args, "url")] ?? "404 not found";
  },
});
