import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, EmbedArgs } from "@aiosjs/sdk/protocol";
import type { Clock, Core, DriverEvent } from "../../../kernel/ports.ts";
import { version } from "./line.ts";
import type { Line, RecordedEvent } from "./line.ts";
import { recordable, withoutSecrets } from "./request.ts";

interface RecordOptions {
  readonly path: string;
  readonly clock: Clock;
}

type Execute = Core["execute"];

/**
 * A core's `execute` that also appends each answer to a file, errors included; a call that was cancelled is no answer.
 * Its line is on disk before the result is handed out, so that a recording lacks nothing that a caller has seen.
 * What a core sends of keys and headers is never seen here.
 * @throws SysError EIO for a call whose answer could not be written down.
 */
export function recording(core: Pick<Core, "name" | "kind" | "execute">, { path, clock }: RecordOptions): Execute {
  const execute = core.execute.bind(core);
  return async function* (name, args, context) {
    if (name !== "llm.chat" && name !== "llm.embed") return yield* execute(name, args, context);
    const beganMs = clock.nowMs();
    const take = new Take(() => clock.nowMs() - beganMs);
    const write = async (end: Pick<Line, "result" | "usage" | "error">): Promise<void> => {
      const { key, syscall, model, request, ...how } = recordable(name, context.model, args as ChatArgs | EmbedArgs);
      const by = { core: core.name, kind: core.kind, at: new Date(beganMs).toISOString() };
      const told = { events: take.events, endMs: take.nowMs() };
      const line: Line = { v: version, key, syscall, model, ...by, ...how, request, ...told, ...end };
      await append(path, `${JSON.stringify(line)}\n`, core.name);
    };
    try {
      for await (const batch of execute(name, args, context)) {
        const last = batch.at(-1);
        take.note(batch);
        if (last?.type === "result")
          await write({ result: withoutSecrets(last.result) as Record<string, unknown>, usage: last.usage });
        yield batch;
      }
    } catch (cause) {
      const isAnswer = !take.isOver && !context.signal.aborted;
      if (isAnswer) await write({ error: errorOf(cause) });
      throw cause;
    }
  };
}

class Take {
  readonly events: [number, RecordedEvent[]][] = [];
  readonly nowMs: () => number;
  /** Its result came: what fails now is no answer. */
  isOver = false;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  note(batch: readonly DriverEvent[]): void {
    const told = batch.flatMap(toldOf);
    if (told.length > 0) this.events.push([this.nowMs(), told]);
    this.isOver ||= batch.some(({ type }) => type === "result");
  }
}

function toldOf(event: DriverEvent): RecordedEvent[] {
  if (event.type === "limits" || event.type === "result" || event.type === "preempted") return [];
  if (event.type !== "frames") return [event];
  return [{ type: "frames", dialect: event.dialect, text: Buffer.from(event.bytes).toString("utf8") }];
}

function errorOf(cause: unknown): NonNullable<Line["error"]> {
  const error = isSysError(cause) ? cause : new SysError("EIO", cause instanceof Error ? cause.message : String(cause));
  const { code, message, hint, retryable, retryAfterMs } = error;
  return {
    code,
    message,
    retryable,
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** One write per line, at the end of the file: several cores may share a recording. */
async function append(path: string, line: string, core: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, line, { mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SysError("EIO", `the answer of core ${core} cannot be written to the recording ${path}: ${code}`, {
      cause,
      retryable: false,
      hint: "make room, or take `record` off the core and run `aios refresh`",
    });
  }
}
