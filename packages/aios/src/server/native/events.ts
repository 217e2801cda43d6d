import { asPid, SysError } from "@aiosjs/sdk/protocol";
import type { JournalEvent, Topic } from "@aiosjs/sdk/protocol";
import { authenticate } from "../auth.ts";
import type { Exchange } from "../exchange.ts";
import { SseStream } from "../sse.ts";

const frame = (event: JournalEvent): string => `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;

function seqOf(name: string, text: string): number {
  const seq = Number(text);
  if (text !== "" && Number.isSafeInteger(seq) && seq >= 0) return seq;
  throw new SysError("EINVAL", `${name} is ${JSON.stringify(text)}`, {
    hint: "it takes the sequence number of the last event that was seen; 0 is the beginning",
  });
}

/**
 * `GET /v1/events?after=SEQ&topic=…&pid=…`: the journal's events after a sequence number, then those to come; without
 * one those to come alone. A slow reader is waited for: events it has not taken are read from the journal again.
 */
export async function events({ doors, incoming, outgoing }: Exchange): Promise<void> {
  const { kernel, crowd, waits, closing } = doors;
  const principal = authenticate(kernel, incoming.headers);
  const query = new URLSearchParams(incoming.url?.split("?", 2)[1]);
  const header = incoming.headers["last-event-id"];
  const resumed = Array.isArray(header) ? header[0] : header;
  const after = query.get("after");
  const afterSeq =
    resumed !== undefined
      ? seqOf("Last-Event-ID", resumed)
      : after !== null
        ? seqOf("after", after)
        : kernel.metrics().eventSeq;
  const pid = query.get("pid");
  const topics = query.getAll("topic").flatMap((text) => text.split(",")) as Topic[];
  using stream = new SseStream(outgoing, { crowd, commentMs: waits.commentMs });
  const left = new AbortController();
  const leave = (): void => left.abort();
  outgoing.once("close", leave);
  stream.open({});
  outgoing.flushHeaders();
  const found = kernel.events(
    principal,
    { afterSeq, ...(pid === null ? {} : { pid: asPid(pid) }), ...(topics.length === 0 ? {} : { topics }) },
    AbortSignal.any([left.signal, closing]),
  );
  for await (const batch of found) {
    let frames = "";
    for (const event of batch) frames += frame(event);
    const wait = stream.write(frames);
    if (wait) await wait;
  }
  stream.end();
}
