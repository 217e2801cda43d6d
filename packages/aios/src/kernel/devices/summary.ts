const MAX = 160;
const SHOWN_NOTES = 5;

/** One line for `trace`: what was asked and what came, as `llm.chat("the last thing said") = "…"`. */
export function summarize(name: string, request: unknown, result: unknown): string {
  const asked = askedOf(name, request);
  const got = result === null || result === undefined ? "" : ` = ${gotOf(name, result)}`;
  return `${name}(${asked})${got}`;
}

function askedOf(name: string, request: unknown): string {
  if (typeof request !== "object" || request === null) return "";
  if (name === "llm.chat") {
    const { messages, recalled } = request as {
      messages?: readonly { content?: unknown }[];
      recalled?: { notes: readonly { id: string; score: number }[] };
    };
    return `${quote(textOf(messages?.at(-1)?.content))}${recalledOf(recalled?.notes ?? [])}`;
  }
  if (name === "llm.embed") {
    const { input = [] } = request as { input?: readonly unknown[] };
    const [first] = input;
    const text = typeof first === "string" ? quote(first) : clip(JSON.stringify(first ?? null));
    return input.length > 1 ? `${text}, ${input.length - 1} more` : text;
  }
  if (name === "tool.call") {
    const { name: tool, arguments: given } = request as { name?: string; arguments?: unknown };
    return clip(`${tool} ${JSON.stringify(given)}`);
  }
  return clip(
    Object.entries(request)
      .filter(([, value]) => value !== undefined && (typeof value !== "object" || value === null))
      .map(([key, value]) => `${key}: ${typeof value === "string" ? quote(value) : String(value)}`)
      .join(", "),
  );
}

/** The notes that went in, with their scores. */
function recalledOf(notes: readonly { id: string; score: number }[]): string {
  if (notes.length === 0) return "";
  const shown = notes.slice(0, SHOWN_NOTES).map(({ id, score }) => `${id} ${score.toFixed(2)}`);
  const more = notes.length > SHOWN_NOTES ? [`${notes.length - SHOWN_NOTES} more`] : [];
  return `, recalled: ${[...shown, ...more].join(", ")}`;
}

function gotOf(name: string, result: unknown): string {
  if (name === "llm.chat") {
    const { message } = result as {
      message?: { content?: unknown; toolCalls?: readonly { name: string; arguments: string }[] };
    };
    const calls = message?.toolCalls?.map((call) => `${call.name} ${call.arguments}`).join("; ");
    return calls ? clip(`→ ${calls}`) : quote(textOf(message?.content));
  }
  if (name === "llm.embed") {
    const { embeddings = [] } = result as { embeddings?: readonly (readonly number[])[] };
    return `${embeddings.length} × ${embeddings[0]?.length ?? 0} numbers`;
  }
  if (name === "tool.call") return quote(textOf((result as { content?: unknown }).content));
  return clip(JSON.stringify(result));
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: string; type?: string }) => part.text ?? `[${part.type}]`).join(" ");
}

const quote = (text: string): string => JSON.stringify(text.length > MAX ? `${text.slice(0, MAX)}…` : text);
const clip = (text: string): string => (text.length > MAX ? `${text.slice(0, MAX)}…` : text);
