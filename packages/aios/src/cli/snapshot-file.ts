import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { SnapshotItem } from "@aiosjs/sdk";
import { CliError, conflict, isCliError, notFound, usage } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { stateText } from "./messages/state.ts";

/** What the file is written in. A later one may have more in it; what is here is never read as something else. */
const FORMAT = 1;
/** Of a line; beyond it the file was not made by us, or unpacks to more than anybody has. */
const MAX_LINE = 256 * 1024 * 1024;
/** Of the first line, which says what the file is. */
const MAX_HEAD = 64 * 1024;

type Speaker = Pick<CommandContext, "t" | "signal">;
const damagedExit = ["EIO", 1] as const;

/** The first line, the lines between, the last. */
type Head = { readonly is: "snapshot"; readonly format: number; readonly kernel: string };
type End = { readonly is: "end"; readonly lines: number; readonly sha256: string };

/**
 * Writes a snapshot: gzip of JSON lines, each `["SHA-256 of what follows", …]`, the last one with a checksum of all. The file is
 * there when it is whole, and on disk then. Returns its size.
 * @throws CliError for a file that is there already, or cannot be written.
 */
export async function writeSnapshot(
  file: string,
  items: AsyncIterable<SnapshotItem>,
  { t, signal, kernel }: Speaker & { kernel: string },
): Promise<number> {
  if (await sizeOf(file))
    throw new CliError(conflict, t(stateText.exists, { file }), { hint: t(stateText.existsHint) });
  const part = `${file}.part`;
  try {
    const text = Readable.from(linesOf(items, kernel));
    await pipeline(text, createGzip(), createWriteStream(part, { mode: 0o600, flush: true }), { signal });
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true });
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    throw new CliError(usage, t(stateText.noFolder, { file, detail: cause.message }), { cause });
  }
  return (await sizeOf(file)) ?? 0;
}

async function* linesOf(items: AsyncIterable<SnapshotItem>, kernel: string): AsyncGenerator<string> {
  const all = createHash("sha256");
  let lines = 0;
  const lineOf = (body: Head | SnapshotItem | End): string => {
    const json = JSON.stringify(body);
    const line = `["${sha256(json)}",${json}]\n`;
    all.update(line);
    lines++;
    return line;
  };
  yield lineOf({ is: "snapshot", format: FORMAT, kernel });
  for await (const item of items) yield lineOf(item);
  yield lineOf({ is: "end", lines, sha256: all.copy().digest("hex") });
}

/**
 * The items of a snapshot, each when its checksum was looked at; that all of them came is known at the end.
 * @throws CliError naming the damaged line, or what else is wrong with the file.
 */
export async function* readSnapshot(
  file: string,
  speaker: Speaker,
): AsyncGenerator<{ item: SnapshotItem; chars: number }> {
  const { t } = speaker;
  const all = createHash("sha256");
  const hint = t(stateText.damagedHint);
  let count = 0;
  let isWhole = false;
  for await (const line of unpackedLines(file, speaker)) {
    count++;
    const json = line.slice(68, -1);
    const body = line.slice(0, 68) === `["${sha256(json)}",` && line.endsWith("]") ? parsed(json) : undefined;
    if (count === 1) checkHead(body, file, speaker);
    else if (!body || isWhole) throw new CliError(damagedExit, t(stateText.damaged, { line: count, file }), { hint });
    else if (body.is === "end") {
      isWhole = body.lines === count - 1 && body.sha256 === all.copy().digest("hex");
      if (!isWhole) throw new CliError(damagedExit, t(stateText.notWhole, { file }), { hint });
    } else if (body.is !== "snapshot") yield { item: body, chars: json.length };
    all.update(`${line}\n`);
  }
  if (count === 0) throw new CliError(usage, t(stateText.noSnapshot, { file }));
  if (!isWhole) throw new CliError(damagedExit, t(stateText.cutOff, { line: count, file }), { hint });
}

function checkHead(body: Head | SnapshotItem | End | undefined, file: string, { t }: Speaker): void {
  if (body?.is !== "snapshot") throw new CliError(usage, t(stateText.noSnapshot, { file }));
  const { format, kernel } = body;
  if (format > FORMAT)
    throw new CliError(usage, t(stateText.newer, { file, format, kernel, known: FORMAT }), {
      hint: t(stateText.newerHint),
    });
}

function parsed(json: string): Head | SnapshotItem | End | undefined {
  try {
    const body = JSON.parse(json) as unknown;
    return typeof body === "object" && body !== null && "is" in body ? (body as Head | SnapshotItem | End) : undefined;
  } catch {
    return undefined;
  }
}

async function* unpackedLines(file: string, { t }: Speaker): AsyncGenerator<string> {
  let line = 0;
  /** Of the line that is not whole yet: put together once, however many pieces it comes in. */
  let pieces: string[] = [];
  let length = 0;
  const decoder = new TextDecoder();
  const unpacked = createGunzip();
  const source = pipeline(createReadStream(file), unpacked);
  source.catch(() => undefined); // what went wrong is thrown by the iteration
  try {
    for await (const bytes of unpacked as AsyncIterable<Buffer>) {
      const [first = "", ...others] = decoder.decode(bytes, { stream: true }).split("\n");
      pieces.push(first);
      length += first.length;
      for (const next of others) {
        line++;
        yield pieces.join("");
        pieces = [next];
        length = next.length;
      }
      if (length > (line === 0 ? MAX_HEAD : MAX_LINE))
        throw line === 0
          ? new CliError(usage, t(stateText.noSnapshot, { file }))
          : new CliError(usage, t(stateText.tooLong, { line: line + 1, file, most: MAX_LINE }));
    }
    await source;
  } catch (cause) {
    if (isCliError(cause)) throw cause;
    const { code = "", message } = cause as NodeJS.ErrnoException;
    if (code === "Z_BUF_ERROR") return; // cut off: whoever reads the lines misses the last one
    const hint = t(stateText.damagedHint);
    if (code.startsWith("Z_") && line === 0) throw new CliError(usage, t(stateText.noSnapshot, { file }), { cause });
    if (code.startsWith("Z_"))
      throw new CliError(damagedExit, t(stateText.damaged, { line: line + 1, file }), { hint, cause });
    if (cause instanceof Error && "syscall" in cause)
      throw new CliError(notFound, t(stateText.noFile, { file, detail: message }), { cause });
    throw cause;
  }
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const sizeOf = (file: string): Promise<number | undefined> =>
  stat(file).then(
    ({ size }) => size,
    () => undefined,
  );
