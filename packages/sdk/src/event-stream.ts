/** One message of a `text/event-stream`: `id` as far as one was sent, `data` with its lines joined. */
export interface StreamMessage {
  readonly id: string | undefined;
  readonly data: string;
}

/**
 * Splits a `text/event-stream` (WHATWG HTML, section 9.2) into messages, a batch per piece of text. Comments and events without data
 * are left out; a line may end in CR, LF or both and be cut anywhere.
 */
export function createStreamParser(): (text: string) => readonly StreamMessage[] {
  let rest = "";
  let id: string | undefined;
  let data: string[] = [];
  return (text) => {
    const messages: StreamMessage[] = [];
    rest += text;
    // A CR at the very end may be half of a CRLF: it waits for what follows.
    const lines = rest.split(/\r\n|\n|\r(?=[\s\S])/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) messages.push({ id, data: data.join("\n") });
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") data.push(value);
      if (field === "id") id = value;
    }
    return messages;
  };
}
