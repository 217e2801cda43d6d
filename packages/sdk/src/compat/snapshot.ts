import { z } from "zod";
import { SysError } from "../errors.ts";
import type { AgentContextRecord } from "./agent-context.ts";
import type { Json } from "./copy-json.ts";

/**
 * Where snapshots are kept: a folder (`openSnapshotFolder` of the aiosjs package), a browser's storage, a table.
 * Names are agents' ids. What `write` has resolved for must be there after a crash, and a reader must see either the old text or
 * the new one, never a part.
 */
export interface SnapshotStore {
  /** Undefined when there is none of that name. */
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
  names(): Promise<readonly string[]>;
}

const VERSION = 1;
const count = z.number().int().nonnegative();
// JSON came out of JSON.parse, and `fromDict` copies it as such.
const json = z.custom<Json>();
const recordSchema: z.ZodType<AgentContextRecord> = z.strictObject({
  agentId: z.string(),
  state: z.record(z.string(), json),
  messages: z.array(z.strictObject({ role: z.string(), content: z.string(), ts: z.number() })),
  metadata: z.record(z.string(), json),
  llmCalls: count,
  actionsTaken: count,
  tokensUsed: count,
  messagesEvicted: count,
  createdAt: z.number(),
  updatedAt: z.number(),
  suspendedAt: z.number().nullable(),
  status: z.enum(["active", "suspended", "terminated"]),
  suspendedBy: z.enum(["token_limit", "action_limit"]).nullable(),
  maxMessages: count,
  maxTokens: count,
  maxActions: count,
});

/** A header line with version, length and SHA-256 of what follows, then the record as JSON. */
export async function encodeSnapshot(record: AgentContextRecord): Promise<string> {
  const body = JSON.stringify(record);
  return `aios-context ${VERSION} ${body.length} ${await sha256(body)}\n${body}`;
}

/** @throws SysError EIO when the text is not whole or is not a snapshot of `agentId`, EINVAL when a later version wrote it. */
export async function decodeSnapshot(text: string, agentId: string): Promise<AgentContextRecord> {
  const damaged = (why: string, cause?: unknown) =>
    new SysError("EIO", `the snapshot of ${agentId} cannot be used: ${why}`, {
      cause,
      retryable: false,
      hint: "It was left as it is; take an older copy, or take a new snapshot of the live context.",
    });
  const header = /^aios-context (\d+) (\d+) ([0-9a-f]{64})\n/.exec(text);
  if (!header) throw damaged("it has no header");
  const [line, version, length, hash] = header;
  if (Number(version) > VERSION)
    throw new SysError("EINVAL", `the snapshot of ${agentId} is of version ${version}; this one reads ${VERSION}`);
  const body = text.slice(line.length);
  if (body.length !== Number(length)) throw damaged(`${body.length} of ${length} characters are there`);
  if ((await sha256(body)) !== hash) throw damaged("its checksum is wrong");
  // What the checksum covers is the JSON that was written.
  const parsed = recordSchema.safeParse(JSON.parse(body));
  if (!parsed.success) throw damaged("it is not a context", parsed.error);
  if (parsed.data.agentId !== agentId) throw damaged(`it is ${parsed.data.agentId}'s`);
  return parsed.data;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
