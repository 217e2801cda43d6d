import { createHash } from "node:crypto";
import { meaningOfRequest } from "@aiosjs/sdk/protocol";
import type { ChatArgs, EmbedArgs } from "@aiosjs/sdk/protocol";
import { keyOf } from "./line.ts";
import type { Line } from "./line.ts";

/** Members of dialects that hold credentials, for tools which the provider calls by itself. */
const secret =
  /^(authorization|authorization_token|access_token|refresh_token|api_?key|headers|password|secret|token)$/i;
/** Longer media are named by their hash: a recording is read by people too. */
const MEDIA_LENGTH = 200;

/** What of a request stands in a recording, and decides which answer it gets. */
export function recordable(
  syscall: Line["syscall"],
  model: string,
  args: ChatArgs | EmbedArgs,
): Pick<Line, "syscall" | "model" | "key" | "request" | "stream" | "maxTokens"> {
  // A budget lowers it: the same program with less money left would ask for something else.
  const { maxTokens, ...said } = meaningOfRequest(args) as Partial<ChatArgs>;
  const request = withoutSecrets(said) as Record<string, unknown>;
  const stream = (args as ChatArgs).stream === true;
  return { key: keyOf({ syscall, model, request }), syscall, model, stream, maxTokens, request };
}

/** As it may be written down: also what an upstream hands back may hold what it was given. */
export function withoutSecrets(value: unknown): unknown {
  if (typeof value === "string") return shortMedia(value);
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, secret.test(name) && isGiven(member) ? "[left out]" : withoutSecrets(member)]),
  );
}

/** A schema may have a member of such a name, and describes it by an object with a type. */
const isGiven = (member: unknown): boolean =>
  typeof member === "string" ||
  (typeof member === "object" && member !== null && !("type" in member) && !Array.isArray(member));

function shortMedia(text: string): string {
  if (text.length < MEDIA_LENGTH || !text.startsWith("data:")) return text;
  const [kind = ""] = text.slice(0, MEDIA_LENGTH).split(",");
  return `${kind},sha256:${createHash("sha256").update(text).digest("hex")}`;
}
