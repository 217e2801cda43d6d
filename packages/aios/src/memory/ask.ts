import { isSysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, Errno } from "@aiosjs/sdk/protocol";
import type { z } from "zod";
import { oneLine } from "./text.ts";

/** Asks a model and resolves to the text of its answer: an `llm.chat` with whatever budget and urgency the caller chose. */
export type Ask = (
  request: Pick<ChatArgs, "messages" | "responseFormat" | "maxTokens" | "temperature">,
) => Promise<string>;

export interface Question<Value> {
  readonly instructions: string;
  /** All that comes from notes, fenced. */
  readonly material: string;
  readonly form: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
  readonly answer: z.ZodType<Value>;
  readonly maxTokens: number;
}

export type Answer<Value> = { is: "answered"; value: Value } | { is: "unanswered"; why: string };

/** UTF-16 units; an answer beyond it is not read. */
const MAX_ANSWER = 100_000;
/** These do not say that no model is there, but that the caller's own call is over, waits, or must not go on differently. */
const fatal: ReadonlySet<Errno> = new Set(["ECANCELED", "ESTALE", "EDIVERGED", "EPENDING", "EAMBIGUOUS"]);

/**
 * One structured call. An answer that is not what was asked is told as unanswered and not asked for again; so is a refusal
 * (ENODEV, EDQUOT, ETIMEDOUT…).
 * @throws SysError ECANCELED, ESTALE, EDIVERGED, EPENDING, EAMBIGUOUS; and whatever `ask` throws that is no SysError
 */
export async function askOnce<Value>(question: Question<Value>, ask: Ask | undefined): Promise<Answer<Value>> {
  if (!ask) return unanswered("no model");
  let text: string;
  try {
    text = await ask({
      messages: [
        { role: "system", content: question.instructions },
        { role: "user", content: question.material },
      ],
      responseFormat: { type: "json-schema", ...question.form, strict: true },
      maxTokens: question.maxTokens,
      temperature: 0,
    });
  } catch (cause) {
    if (!isSysError(cause) || fatal.has(cause.code)) throw cause;
    return unanswered(`${cause.code}: ${cause.message}`);
  }
  if (text.length > MAX_ANSWER) return unanswered(`the answer has ${text.length} characters`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return unanswered("the answer is not JSON");
  }
  const parsed = question.answer.safeParse(json);
  if (parsed.success) return { is: "answered", value: parsed.data };
  const [issue] = parsed.error.issues;
  return unanswered(`the answer is not what was asked: ${issue?.path.join(".") || "all of it"}: ${issue?.message}`);
}

const unanswered = (why: string): Answer<never> => ({ is: "unanswered", why: oneLine(why, 200) });
