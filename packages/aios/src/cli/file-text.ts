import type { FileVersion } from "@aiosjs/sdk/protocol";
import { oneLine } from "../memory/text.ts";
import type { CommandContext } from "./context.ts";
import { fsText } from "./messages/fs.ts";
import { sizeText } from "./size-text.ts";
import { wallTime } from "./timers.ts";

/** `2026-11-22 07:30:12`, by the clocks here. */
export const momentText = (ms: number): string =>
  wallTime(ms - (ms % 1_000), Intl.DateTimeFormat().resolvedOptions().timeZone);

/** What a name that came from outside may hold is not let through to the terminal. */
export const nameText = (name: string): string => oneLine(name, 4_096);

/** Of a folder nothing. */
export const sizeOf = ({ kind, sizeBytes }: { kind: string; sizeBytes: number }): string =>
  kind === "file" ? sizeText(sizeBytes) : "";

/** What a version did to a path. */
export function changeText({ path, kind, pid, from }: FileVersion, { t }: Pick<CommandContext, "t">): string {
  const at = from?.lastIndexOf("@") ?? -1;
  if (kind === "gone") return t(fsText.removedThen);
  if (from !== null && from.slice(0, at) === path) return t(fsText.backTo, { version: from.slice(at + 1) });
  if (from !== null) return t(fsText.from, { from: nameText(from) });
  if (kind === "folder") return t(fsText.folderMade);
  return t(pid === null ? fsText.outside : fsText.written);
}

/** The text of bytes; undefined where they are none. */
export function textIn(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // not UTF-8
  }
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const unprintable = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** Text without what would colour, move or mislead a terminal. */
export const printable = (text: string): string => text.replaceAll("\r\n", "\n").replace(unprintable, " ");
