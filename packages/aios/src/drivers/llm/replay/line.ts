import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { canonicalJson, errnoTable, SysError, usageSchema } from "@aiosjs/sdk/protocol";
import type { DeltaEvent, Errno, SysEvent } from "@aiosjs/sdk/protocol";
import { z } from "zod";

/** Changes whenever a line means something else than before. */
export const version = 1;

/** What is recorded of what a core tells while it answers; frames as text. What it says of its rate limits is not. */
export type RecordedEvent =
  | DeltaEvent
  | Extract<SysEvent, { type: "request.adapted" }>
  | { type: "frames"; dialect: string; text: string };

const eventSchema = z.custom<RecordedEvent>(
  (value) =>
    z
      .looseObject({ type: z.string() })
      .refine(({ type }) => type.endsWith(".delta") || type === "request.adapted" || type === "frames")
      .safeParse(value).success,
  "no event that is recorded",
);

/** A line of a recording: one request, and how it was answered. */
const lineSchema = z.strictObject({
  v: z.literal(version),
  /** Of syscall, model and `request`: what a request must have to get this answer. */
  key: z.string(),
  syscall: z.enum(["llm.chat", "llm.embed"]),
  /** Who answered, for people. */
  core: z.string(),
  kind: z.string(),
  /** Without the core's name. */
  model: z.string().min(1),
  at: z.string(),
  /** How it was asked for; that is no part of the key. */
  stream: z.boolean(),
  maxTokens: z.number().optional(),
  /** What was said, without what changes no answer, and without secrets. */
  request: z.record(z.string(), z.unknown()),
  /** Batches: milliseconds since the request, and what came then. */
  events: z.array(z.tuple([z.number().nonnegative(), z.array(eventSchema)])),
  endMs: z.number().nonnegative(),
  result: z.record(z.string(), z.unknown()).optional(),
  usage: usageSchema.optional(),
  error: z
    .strictObject({
      code: z.enum(Object.keys(errnoTable) as [Errno, ...Errno[]]),
      message: z.string(),
      hint: z.string().optional(),
      retryable: z.boolean(),
      retryAfterMs: z.number().optional(),
    })
    .optional(),
});
export type Line = z.infer<typeof lineSchema>;

/** The key of a line; a person may change a line's request, so it is computed again wherever one is read. */
export const keyOf = ({ syscall, model, request }: Pick<Line, "syscall" | "model" | "request">): string =>
  createHash("sha256")
    .update(canonicalJson([syscall, model, request]))
    .digest("hex");

/**
 * All answers of a recording, in the order in which they ended.
 * @throws SysError EINVAL naming the file, the line and what is wrong with it.
 */
export async function readRecording(path: string): Promise<Line[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new SysError("EINVAL", `there is no recording ${path} to read: ${(cause as NodeJS.ErrnoException).code}`, {
      cause,
      hint: `record one: \`record: ${path}\` at another core writes each of its answers there`,
    });
  }
  return text
    .split("\n")
    .flatMap((line, index) => (line.trim() === "" ? [] : [readLine(line, `${path}:${index + 1}`)]));
}

function readLine(text: string, place: string): Line {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SysError("EINVAL", `${place} is no JSON`, { cause, hint: "a recording has one answer per line" });
  }
  const { v } = (json ?? {}) as { v?: unknown };
  if (v !== version)
    throw new SysError(
      "EINVAL",
      `${place} is of version ${JSON.stringify(v)}, and this release reads version ${version}`,
    );
  const parsed = lineSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new SysError("EINVAL", `${place} is no recorded answer: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const line = parsed.data;
  if ((line.result === undefined) === (line.error === undefined))
    throw new SysError("EINVAL", `${place} is no recorded answer: it has to have a result or an error`);
  return { ...line, key: keyOf(line) };
}
