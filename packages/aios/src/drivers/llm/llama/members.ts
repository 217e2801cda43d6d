import { SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs } from "@aiosjs/sdk/protocol";
import { z } from "zod";

/** Members beyond the internal form that a local model understands, under the names that llama.cpp's own server gives them. */
const ownMembersSchema = z.object({
  /** GBNF. */
  grammar: z.string().optional(),
  top_k: z.number().int().nonnegative().optional(),
  min_p: z.number().min(0).max(1).optional(),
  repeat_penalty: z.number().positive().optional(),
  n: z.literal(1).nullish(),
});

export interface OwnMembers {
  readonly grammar?: string | undefined;
  readonly topK?: number | undefined;
  readonly minP?: number | undefined;
  readonly repeatPenalty?: number | undefined;
}

type Foreign = NonNullable<ChatArgs["foreign"]>;

/** Hints are left out and noted; anything else that only a dialect can say is refused. */
export function leaveOut(foreign: Foreign | undefined, core: string, leftOut: Set<string>): void {
  const hints = new Set(foreign?.hints);
  for (const member of Object.keys(foreign?.members ?? {})) {
    if (!hints.has(member)) throw refusal(member, core);
    leftOut.add(member);
  }
}

/** @throws SysError EINVAL for a member that a local model cannot be told. */
export function readOwnMembers(foreign: Foreign | undefined, core: string, leftOut: Set<string>): OwnMembers {
  const parsed = ownMembersSchema.safeParse(foreign?.members ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new SysError("EINVAL", `core ${core}: ${issue?.path.join(".") ?? "a member"}: ${issue?.message ?? "wrong"}`, {
      hint: "grammar is GBNF text, top_k a whole number, min_p between 0 and 1, repeat_penalty positive, n 1",
    });
  }
  const others = Object.entries(foreign?.members ?? {}).filter(
    ([name]) => !Object.hasOwn(ownMembersSchema.shape, name),
  );
  if (foreign) leaveOut({ ...foreign, members: Object.fromEntries(others) }, core, leftOut);
  const { grammar, top_k: topK, min_p: minP, repeat_penalty: repeatPenalty } = parsed.data;
  return { grammar, topK, minP, repeatPenalty };
}

const refusal = (member: string, core: string): SysError =>
  new SysError("EINVAL", `core ${core} is a local model and does not know ${member}`, {
    hint: "leave it out, or name another core",
  });
