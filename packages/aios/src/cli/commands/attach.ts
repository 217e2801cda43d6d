import { createInterface } from "node:readline";
import type { Client, HistoryEvent } from "@aiosjs/sdk";
import { isSysError, SysError } from "@aiosjs/sdk";
import { findProcess } from "../find-process.ts";
import { attachText } from "../messages/attach.ts";
import { processText, processWords } from "../messages/process.ts";
import type { ContextOf } from "../registry.ts";
import { exitOf, resultText } from "./wait.ts";

type Context = ContextOf<"attach">;
type Attached = { readonly client: Client; readonly pid: string; readonly name: string };

/** Follows a process to its end, and exits as it did. Ctrl-C leaves it running. */
export async function run(context: Context): Promise<number> {
  const { args, signal, lang, isTty, t } = context;
  const client = await context.client();
  const { pid, name, state } = await findProcess(client, args.pid, context);
  const attached = { client, pid, name };
  const from = await placeNow(attached);
  const isLive = state !== "zombie";
  if (isLive) context.say(t(isTty ? attachText.attachedTyping : attachText.attached, { name, pid }));
  const over = new AbortController();
  const turns = tellTurns(context, { ...attached, from, signal: AbortSignal.any([signal, over.signal]) });
  const typing = isTty && isLive ? sendLines(context, attached) : undefined;
  try {
    const last = await showOutput(context, attached);
    if (!last.endsWith("\n") && last !== "") context.out("\n");
    if (signal.aborted) {
      context.say(t(attachText.detached, { name, pid }));
      return 0;
    }
    const exit = await client.proc.wait({ pid }, { signal });
    over.abort();
    await turns;
    const how = processWords(lang).exit(exit.code, exit.signal);
    context.say(t(processText.ended, { name, exit: exit.code === 0 ? how : `${how} (${exit.reason})` }));
    const answer = resultText(exit);
    // What the log has shown already is not said twice.
    context.result({ pid, ...exit }, () => (last.includes(answer.trim()) ? "" : answer));
    return exitOf(exit);
  } finally {
    over.abort();
    typing?.close();
  }
}

/** What happened until now was told already. */
async function placeNow({ client, pid }: Attached): Promise<number> {
  for (let after = 0; ;) {
    const { events, cursor } = await client.proc.history({ pid, after, limit: 10_000 });
    after = cursor;
    if (events.length === 0) return after;
  }
}

/** Prints its log from the last whole lines on, until it ends or somebody leaves. Returns the last piece. */
async function showOutput(context: Context, { client, pid }: Attached): Promise<string> {
  const { options, signal } = context;
  let isFirst = true;
  let last = "";
  for await (const event of client.proc.logs({ pid, follow: true, tailBytes: options.tail }, { signal })) {
    if (event.type === "output.delta") {
      const isCut = isFirst && Buffer.byteLength(event.text) + WIDEST > options.tail;
      const text = isCut ? event.text.slice(event.text.indexOf("\n") + 1) : event.text;
      isFirst = false;
      if (context.jsonl) context.item({ pid, text }, () => "");
      else context.out(text);
      last = (last + text).slice(-TOLD);
    }
    if (event.type === "syscall.failed" && !signal.aborted)
      throw new SysError(event.error.code, event.error.detail, { hint: event.error.hint });
  }
  return last;
}

/** Bytes of a character that may have been cut at the start of the tail. */
const WIDEST = 4;
/** Characters of output that are remembered, to see whether they have told the result. */
const TOLD = 1_000_000;

/** Says when it is stopped and goes on. */
async function tellTurns(
  context: Context,
  { client, pid, name, from, signal }: Attached & { from: number; signal: AbortSignal },
): Promise<void> {
  const reasonOf = ({ body: { reason } }: HistoryEvent) => (typeof reason === "string" ? reason : "");
  try {
    for (let after = from; ;) {
      const { events, cursor, hasEnded } = await client.proc.history({ pid, after, wait: true }, { signal });
      for (const event of events) {
        const text = textOf(event);
        if (text) context.say(context.t(text, { name, reason: reasonOf(event) }));
      }
      if (hasEnded) return;
      after = cursor;
    }
  } catch (cause) {
    // Whoever leaves, or has seen the end, needs no news; without the kernel the output says why.
    if (!signal.aborted && !isSysError(cause)) throw cause;
  }
}

function textOf({ topic, body }: HistoryEvent) {
  if (topic === "process.suspended") return attachText.suspended;
  if (topic === "process.resumed") return attachText.resumed;
  return topic === "process.signalled" && body["signal"] === "interrupt" ? attachText.interrupted : undefined;
}

/** Each line that is typed is a message in its inbox. The terminal stays as it is, so that Ctrl-C is a signal. */
function sendLines(context: Context, { client, pid }: Attached): { close(): void } {
  const lines = createInterface({ input: process.stdin, terminal: false });
  lines.on("line", (line) => {
    client.proc.send({ pid, body: line }).then(undefined, (cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      context.say(context.t(attachText.unsent, { reason }));
    });
  });
  return {
    close() {
      lines.close();
      process.stdin.unref();
    },
  };
}
