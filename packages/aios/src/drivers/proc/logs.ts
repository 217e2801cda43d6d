import { watch } from "node:fs";
import { mkdir, open, rename, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Pid } from "@aiosjs/sdk/protocol";
import type { Logs, TextRedactor } from "../../kernel/ports.ts";

export interface LogsOptions {
  /** AIOS_HOME/logs */
  readonly folder: string;
  /** A log that grows over this is moved to `<pid>.log.1` and begun anew; with it at most twice this is kept. Default 8 MiB. */
  readonly maxBytes?: number;
  /** Text waiting for a slow disk, per process; what comes beyond it is left out, and the log says so. Default 4 MiB. */
  readonly maxPendingChars?: number;
  /** Takes out what must not be kept; one for each process that prints. Default: nothing is taken out. */
  readonly redactor?: () => TextRedactor;
}

/** The end of a text may be the beginning of a secret; so long it is waited for what follows. */
const HOLD_MS = 100;

/** What one process printed and is not on disk yet. */
interface Pending {
  texts: string[];
  chars: number;
  lost: number;
  writing: Promise<void> | undefined;
}

/**
 * What processes print, a file each. `append` returns at once; what was appended is on disk when the next `read` of
 * that process begins. A crash of the machine may lose the last lines: logs are not the journal.
 */
export function createLogs(options: LogsOptions): Logs & AsyncDisposable {
  const { folder, maxBytes = 8 * 1024 * 1024, maxPendingChars = 4 * 1024 * 1024, redactor } = options;
  const pending = new Map<Pid, Pending>();
  const held = new Map<Pid, { redactor: TextRedactor; timer: NodeJS.Timeout }>();
  const pathOf = (pid: Pid): string => join(folder, `${encodeURIComponent(pid)}.log`);

  const flush = async (pid: Pid, own: Pending): Promise<void> => {
    while (own.texts.length > 0) {
      const lost = own.lost === 0 ? "" : `\n[${own.lost} characters are missing here: the disk could not take them]\n`;
      const text = lost + own.texts.join("");
      const { chars } = own;
      Object.assign(own, { texts: [], chars: 0, lost: 0 });
      try {
        await append(folder, pathOf(pid), { text, maxBytes });
      } catch {
        // A full disk must not stop the process that prints; the next line that gets through tells of it.
        own.lost += chars;
      }
    }
    own.writing = undefined;
    if (own.lost === 0) pending.delete(pid);
  };

  /** The text without secrets, as far as it is known to be whole. */
  const redacted = (pid: Pid, text: string): string => {
    if (!redactor) return text;
    const there = held.get(pid) ?? {
      redactor: redactor(),
      timer: setTimeout(() => letGo(pid), HOLD_MS).unref(),
    };
    held.set(pid, there);
    there.timer.refresh();
    return sure(() => there.redactor.push(text), text);
  };

  const letGo = (pid: Pid): void => {
    const there = held.get(pid);
    held.delete(pid);
    clearTimeout(there?.timer);
    if (there)
      keep(
        pid,
        sure(() => there.redactor.rest(), ""),
      );
  };

  const settled = async (pid: Pid): Promise<void> => {
    letGo(pid);
    await pending.get(pid)?.writing;
  };

  const keep = (pid: Pid, text: string): void => {
    if (text === "") return;
    const own = pending.get(pid) ?? { texts: [], chars: 0, lost: 0, writing: undefined };
    pending.set(pid, own);
    if (own.chars + text.length > maxPendingChars) {
      own.lost += text.length;
      return;
    }
    own.texts.push(text);
    own.chars += text.length;
    own.writing ??= flush(pid, own);
  };

  return {
    append: (pid, text) => keep(pid, redacted(pid, text)),

    async *read(pid, { tailBytes, follow, signal }) {
      await settled(pid);
      const path = pathOf(pid);
      await using tail = new Tail(path);
      yield* tail.last(tailBytes);
      if (!follow) return;
      await mkdir(folder, { recursive: true });
      using changes = changesOf(path, folder, signal);
      for (;;) {
        yield* tail.rest();
        // Read once more after the signal: what was printed before it belongs to the answer.
        if (signal.aborted) {
          await settled(pid);
          return yield* tail.rest();
        }
        await changes.next();
      }
    },

    async [Symbol.asyncDispose]() {
      for (const pid of held.keys()) letGo(pid);
      await Promise.all([...pending.keys()].map(settled));
    },
  };
}

/** What cannot be looked through is not kept; it must not stop the process that prints, either. */
function sure(look: () => string, text: string): string {
  try {
    return look();
  } catch (cause) {
    return `[${text.length} characters are missing here: ${(cause as Error).message}]\n`;
  }
}

async function append(
  folder: string,
  path: string,
  { text, maxBytes }: { text: string; maxBytes: number },
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const present = await stat(path).catch(() => undefined);
  if (present && present.size > maxBytes) await rename(path, `${path}.1`);
  await using file = await open(path, "a", 0o600);
  await file.appendFile(text);
}

/** Reads a file that others append to, truncate, move away and make anew. */
class Tail implements AsyncDisposable {
  readonly #path: string;
  #file: FileHandle | undefined;
  #inode = 0n;
  #offset = 0;
  #decoder = new TextDecoder();

  constructor(path: string) {
    this.#path = path;
  }

  /** The last bytes, from a whole character on; the file before this one is used where this one is shorter. */
  async *last(tailBytes: number): AsyncGenerator<string> {
    if (!(await this.#open())) return;
    const { size } = await this.#file!.stat();
    if (size < tailBytes) {
      await using older = await open(`${this.#path}.1`).catch(() => undefined);
      const olderSize = older ? (await older.stat()).size : 0;
      const from = Math.max(0, olderSize - (tailBytes - size));
      if (older && olderSize > from)
        yield new TextDecoder().decode(fromWholeCharacter(await readAt(older, from, olderSize - from), from));
    }
    this.#offset = Math.max(0, size - tailBytes);
    if (this.#offset > 0) {
      const start = await readAt(this.#file!, this.#offset, Math.min(4, tailBytes));
      this.#offset += start.byteLength - fromWholeCharacter(start, this.#offset).byteLength;
    }
    yield* this.rest();
  }

  /** What was added since, also in a file that took the place of this one. */
  async *rest(): AsyncGenerator<string> {
    for (;;) {
      if (!(await this.#open())) return;
      yield* this.#toEnd();
      const now = await stat(this.#path, { bigint: true }).catch(() => undefined);
      if (!now || now.ino === this.#inode) return;
      // Moved away. What was written into it before that is read first.
      yield* this.#toEnd();
      await this.#close();
    }
  }

  async *#toEnd(): AsyncGenerator<string> {
    const file = this.#file!;
    if ((await file.stat()).size < this.#offset) {
      this.#offset = 0;
      this.#decoder = new TextDecoder();
    }
    for (;;) {
      const bytes = await readAt(file, this.#offset, 65_536);
      if (bytes.byteLength === 0) return;
      this.#offset += bytes.byteLength;
      const text = this.#decoder.decode(bytes, { stream: true });
      if (text !== "") yield text;
    }
  }

  async #open(): Promise<boolean> {
    if (this.#file) return true;
    try {
      this.#file = await open(this.#path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw cause;
    }
    this.#inode = (await this.#file.stat({ bigint: true })).ino;
    return true;
  }

  async #close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    this.#offset = 0;
    this.#decoder = new TextDecoder();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(length), position });
  return buffer.subarray(0, bytesRead);
}

/** Without the rest of a character that was cut at the start. */
function fromWholeCharacter(bytes: Buffer, position: number): Buffer {
  let start = 0;
  while (position > 0 && start < Math.min(3, bytes.byteLength) && (bytes[start]! & 0xc0) === 0x80) start++;
  return bytes.subarray(start);
}

/** `next` resolves when the file may have changed since it was called last, or the signal has aborted. */
function changesOf(path: string, folder: string, signal: AbortSignal): Disposable & { next(): Promise<void> } {
  let isChanged = false;
  let wake: (() => void) | undefined;
  const change = (): void => {
    isChanged = true;
    wake?.();
  };
  // The folder, not the file: a file that is moved away takes its watcher with it.
  const watcher = watch(folder, (_kind, name) => {
    if (name === null || path.endsWith(name)) change();
  });
  watcher.on("error", change);
  signal.addEventListener("abort", change, { once: true });
  // What came between the last read and the watcher is looked for at once.
  change();
  return {
    async next() {
      if (!isChanged) await new Promise<void>((resolve) => void (wake = resolve));
      isChanged = false;
      wake = undefined;
    },
    [Symbol.dispose]() {
      watcher.close();
      signal.removeEventListener("abort", change);
    },
  };
}
