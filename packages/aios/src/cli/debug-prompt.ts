import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { isSysError } from "@aiosjs/sdk";
import { isCliError } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import type { Debugging, HeldCall, Wish } from "./debugging.ts";
import { debugText } from "./messages/debug.ts";

type Speaker = Pick<CommandContext, "t" | "say" | "out" | "paint" | "signal" | "env">;

/** Lines of arguments that are shown; the rest is a matter for the editor. */
const MOST_LINES = 20;

/** Asks at each held call what to do with it, until the process has ended (true) or the person leaves. */
export async function askWhatToDo(speaker: Speaker, debugging: Debugging): Promise<boolean> {
  for (let call = await debugging.next(); call; call = await debugging.next()) {
    show(speaker, call);
    if (!(await settle(speaker, debugging, call))) return false;
  }
  return !speaker.signal.aborted;
}

function show({ t, out, paint }: Speaker, { name, call, args }: HeldCall): void {
  const lines = JSON.stringify(args, null, 2).split("\n");
  const left = lines.length - MOST_LINES;
  out(`${paint.strong(name)} ${paint.dim(call)}\n${lines.slice(0, MOST_LINES).join("\n")}\n`);
  if (left > 0) out(`${paint.dim(t(debugText.more, { count: left }))}\n`);
}

/** Whether to go on debugging. What is refused is said, and asked again. */
async function settle(speaker: Speaker, debugging: Debugging, call: HeldCall): Promise<boolean> {
  for (;;) {
    const word = await question(speaker);
    if (word === undefined || word === "q") return false;
    const wish = await wishOf(word, speaker, call);
    if (!wish) continue;
    try {
      await debugging.release(call, wish);
      return true;
    } catch (cause) {
      // Its process was ended meanwhile, or what was written is no such call's: the person sees which.
      if (!isSysError(cause) && !isCliError(cause)) throw cause;
      speaker.say(cause.message);
      if (isSysError(cause) && cause.code === "ENOENT") return true;
    }
  }
}

/** Undefined when the person leaves. */
async function question({ t, paint, signal }: Speaker): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  lines.once("close", () => left.abort());
  lines.once("SIGINT", () => left.abort());
  try {
    const text = await lines.question(paint.busy(t(debugText.ask)), { signal: AbortSignal.any([signal, left.signal]) });
    return text.trim().toLowerCase().slice(0, 1) || "c";
  } catch {
    return undefined; // Ctrl-C or Ctrl-D
  } finally {
    lines.close();
  }
}

async function wishOf(word: string, speaker: Speaker, { name, args }: HeldCall): Promise<Wish | undefined> {
  if (word === "c") return {};
  if (word === "s") return { step: true };
  if (word === "e") {
    const edited = await inEditor(args, speaker);
    return edited === undefined ? undefined : { args: edited };
  }
  if (word !== "a") return undefined;
  const answer = await inEditor(answerTo(name), speaker);
  const { error } = (answer ?? {}) as { error?: Wish["error"] };
  if (error) return { error };
  return answer === undefined ? undefined : { result: answer };
}

/** Where an answer begins: what most calls of the name return. `{"error": {"code", "message"}}` fails the call instead. */
function answerTo(name: string): unknown {
  if (name === "tool.call") return { content: "" };
  if (name !== "llm.chat") return {};
  return { message: { role: "assistant", content: "" }, finishReason: "stop", model: "debugger" };
}

/** The value as somebody has written it in the editor; undefined where nothing came of it. */
async function inEditor(value: unknown, { t, say, env }: Speaker): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "aios-debug-"));
  const file = join(folder, "value.json");
  const editor = env["VISUAL"] || env["EDITOR"] || "vi";
  const before = `${JSON.stringify(value, null, 2)}\n`;
  try {
    await writeFile(file, before);
    // As git does: the variable may hold arguments.
    const { status } = spawnSync(`${editor} ${JSON.stringify(file)}`, { stdio: "inherit", shell: true, env });
    const after = await readFile(file, "utf8");
    if (status !== 0) say(t(debugText.noEditor, { editor }));
    else if (after === before) say(t(debugText.unchanged));
    else return JSON.parse(after) as unknown;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    say(t(debugText.noJson, { detail: cause.message }));
  } finally {
    await rm(folder, { recursive: true });
  }
  return undefined;
}
