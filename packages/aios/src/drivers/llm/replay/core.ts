import { piecesOf, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult, EmbedArgs } from "@aiosjs/sdk/protocol";
import type { Clock, Core, DriverContext, DriverEvent, ModelSpec, RateLimits } from "../../../kernel/ports.ts";
import { nearest } from "./difference.ts";
import { readRecording } from "./line.ts";
import type { Line } from "./line.ts";
import { recordable } from "./request.ts";

/** Calls at once where nothing else is said. */
const CONCURRENCY = 64;

export interface ReplayCoreOptions {
  readonly name: string;
  /** The recording: a file that `recording` wrote. */
  readonly path: string;
  readonly clock: Clock;
  /** Whether answers take the time that they took, or none. Default: instant. */
  readonly speed?: "instant" | "recorded" | undefined;
  /** Default: those of the recording, free of charge. */
  readonly models?: readonly ModelSpec[] | undefined;
  readonly limits?: RateLimits | undefined;
}

/** `Core`, and how many calls it was asked. */
export interface ReplayCore extends Core {
  readonly arrived: number;
}

/**
 * A core that gives recorded answers again: equal requests get the answers that equal requests got, in their order, and the
 * last one from then on. It never asks anybody; what is not recorded fails with ENOENT, and says what is nearest to it.
 * @throws SysError EINVAL where the recording cannot be read, or holds nothing.
 */
export async function createReplayCore(options: ReplayCoreOptions): Promise<ReplayCore> {
  const { name, path, clock, speed = "instant" } = options;
  // There is no upstream whose limits could be learned by asking one by one.
  const limits = { concurrency: CONCURRENCY, ...options.limits };
  const lines = await readRecording(path);
  if (lines.length === 0) throw new SysError("EINVAL", `the recording ${path} of core ${name} holds no answer`);
  const byKey = Map.groupBy(lines, ({ key }) => key);
  const taken = new Set<Line>();
  const models = options.models ?? modelsOf(lines);
  let arrived = 0;

  /** The next answer of an equal request that is not longer than allowed: of those asked for in the same length first. */
  const take = (asked: ReturnType<typeof recordable>): Line => {
    const { maxTokens = Number.POSITIVE_INFINITY } = asked;
    const equal = byKey.get(asked.key) ?? [];
    const fit = equal.filter(({ usage }) => (usage?.outputTokens ?? 0) <= maxTokens);
    const fresh = fit.filter((line) => !taken.has(line));
    const line = fresh.find((one) => one.maxTokens === asked.maxTokens) ?? fresh[0] ?? fit.at(-1);
    if (!line) throw equal[0] ? tooLong(equal[0]) : missing(asked);
    taken.add(line);
    return line;
  };
  const tooLong = (line: Line): SysError =>
    new SysError("ENOENT", `core ${name} has no recorded answer that is short enough`, {
      hint: `${path}:${lines.indexOf(line) + 1} has ${line.usage?.outputTokens} tokens: allow as many (maxTokens, or a larger budget)`,
    });
  const missing = (asked: ReturnType<typeof recordable>): SysError => {
    const near = nearest(asked, lines);
    const differs = near ? `; the nearest is ${path}:${near.number}: ${near.differences.join("; ")}` : "";
    return new SysError("ENOENT", `core ${name} has no recorded answer to this request${differs}`, {
      hint: `ask the same as before, or record this too: \`record: ${path}\` at the core that shall answer it`,
    });
  };

  return {
    name,
    device: "llm",
    endpoint: 0,
    kind: "replay",
    isSimulated: lines.every(({ result }) => result?.["isSimulated"] === true),
    isRecorded: true,
    isOpenEnded: false,
    honoursMaxTokens: true,
    serves: [...new Set(lines.map(({ syscall }) => syscall))],
    dialects: [...new Set(lines.flatMap(dialectsOf))],
    resume: "none",
    limits,
    models: () => models,
    async *execute(syscall, args, context) {
      const { model, signal } = context;
      if (signal.aborted) throw cancelled(signal);
      if (syscall !== "llm.chat" && syscall !== "llm.embed")
        throw new SysError("ENOSYS", `core ${name} does not serve ${syscall}`);
      arrived++;
      const asked = recordable(syscall, model, args as ChatArgs | EmbedArgs);
      const line = take(asked);
      const beganMs = clock.nowMs();
      const waitFor = async (ms: number): Promise<void> => {
        if (speed === "recorded") await clock.wakeAt(beganMs + ms, signal).catch(() => undefined);
        if (signal.aborted) throw cancelled(signal);
      };
      for (const [ms, batch] of line.events) {
        await waitFor(ms);
        const events = batch.flatMap((event): DriverEvent[] => {
          if (event.type !== "frames") return [event];
          // Bytes are of one form of answer, and only for who asked in that dialect.
          const isWanted = context.original?.dialect === event.dialect && line.stream === asked.stream;
          return isWanted ? [{ type: "frames", dialect: event.dialect, bytes: Buffer.from(event.text) }] : [];
        });
        if (events.length > 0) yield events;
      }
      await waitFor(line.endMs);
      if (line.error) {
        const { code, message, ...error } = line.error;
        throw new SysError(code, `core ${name} (recorded): ${message}`, error);
      }
      const result = { ...line.result, model: `${name}/${model}`, isRecorded: true } as ChatResult & {
        isRecorded: true;
      };
      const hasPieces = line.events.some(([, batch]) => batch.some(({ type }) => type.endsWith(".delta")));
      const pieces = asked.stream && !hasPieces && syscall === "llm.chat" ? piecesOf(result) : [];
      if (pieces.length > 0) yield pieces;
      yield [line.usage ? { type: "result", result, usage: line.usage } : { type: "result", result }];
    },
    get arrived() {
      return arrived;
    },
  };

  function cancelled(signal: DriverContext["signal"]): SysError {
    return new SysError("ECANCELED", `the call to core ${name} was cancelled`, { cause: signal.reason });
  }
}

const dialectsOf = ({ events }: Line): string[] =>
  events.flatMap(([, batch]) => batch.flatMap((event) => (event.type === "frames" ? [event.dialect] : [])));

/** Nobody is paid for an answer that is there. */
function modelsOf(lines: readonly Line[]): ModelSpec[] {
  return [...Map.groupBy(lines, ({ model }) => model)].map(([id, own]) => ({
    id,
    serves: [...new Set(own.map(({ syscall }) => syscall))],
    price: { input: 0, output: 0 },
  }));
}
