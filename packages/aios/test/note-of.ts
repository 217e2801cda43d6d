import type { Note } from "@aiosjs/sdk/protocol";

/** A note of a user with nothing said of it but what is told here. */
export const noteOf = (id: string, parts: Partial<Note> = {}): Note => ({
  id,
  namespace: "agent:test",
  content: `The content of ${id}.`,
  keywords: [],
  tags: [],
  context: "",
  category: "general",
  links: [],
  importance: 0.5,
  tier: "episodic",
  isPinned: false,
  labels: { trust: "user", confidentiality: "internal" },
  source: { pid: "p1", call: "c1", uri: "" },
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  accessedAt: 0,
  retrievalCount: 0,
  ...parts,
});
