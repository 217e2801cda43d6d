import { createWriteStream } from "node:fs";
import { readFile, rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { noteSchema } from "@aiosjs/sdk/protocol";
import type { Note } from "@aiosjs/sdk/protocol";
import { CliError, conflict, notFound, usage } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { memText } from "./messages/mem.ts";

type Speaker = Pick<CommandContext, "t" | "signal">;

/**
 * Writes notes as lines of JSON; the file is there when it is whole. Only its owner can read it.
 * @throws CliError for a file that is there already, or cannot be written.
 */
export async function writeNotes(file: string, notes: AsyncIterable<Note>, { t, signal }: Speaker): Promise<void> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw new CliError(conflict, t(memText.fileExists, { file }), { hint: t(memText.fileExistsHint) });
  const part = `${file}.part`;
  try {
    await pipeline(Readable.from(linesOf(notes)), createWriteStream(part, { mode: 0o600, flush: true }), { signal });
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true });
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    throw new CliError(usage, t(memText.noFolder, { file, detail: cause.message }), { cause });
  }
}

async function* linesOf(notes: AsyncIterable<Note>): AsyncGenerator<string> {
  for await (const note of notes) yield `${JSON.stringify(note)}\n`;
}

/** All notes of a file, or of stdin for `-`. @throws CliError that names the first line which is none */
export async function readNotes(file: string, { t, signal }: Speaker): Promise<Note[]> {
  const text = await (file === "-" ? textOf(process.stdin) : readFile(file, { encoding: "utf8", signal })).catch(
    (cause: unknown) => {
      if (!(cause instanceof Error && "syscall" in cause)) throw cause;
      throw new CliError(notFound, t(memText.noFile, { file, detail: cause.message }), { cause });
    },
  );
  const name = file === "-" ? "stdin" : file;
  const lineOf = new Map<string, number>();
  return text.split("\n").flatMap((json, index) => {
    if (json.trim() === "") return [];
    const line = index + 1;
    const note = noteIn(json, { t, onWrong: (detail) => refused({ file: name, line, detail, t }) });
    const earlier = lineOf.get(note.id);
    if (earlier !== undefined) throw refused({ file: name, line, detail: t(memText.twice, { line: earlier }), t });
    lineOf.set(note.id, line);
    return [note];
  });
}

function noteIn(json: string, { t, onWrong }: Pick<Speaker, "t"> & { onWrong: (detail: string) => CliError }): Note {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw onWrong(t(memText.noJson));
  }
  const parsed = noteSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw onWrong([issue?.path.join("."), issue?.message].filter(Boolean).join(": "));
}

const refused = ({ t, ...where }: Pick<Speaker, "t"> & { file: string; line: number; detail: string }): CliError =>
  new CliError(usage, t(memText.noNote, where), { hint: t(memText.noNoteHint) });
