import type { FileHunk } from "@aiosjs/sdk/protocol";
import type { Paint } from "../tui/paint.ts";
import { printable } from "./file-text.ts";

/** What a unified diff says of a last line that has no line break. */
const OPEN_END = "\\ No newline at end of file";

/** A unified diff, as `patch` takes it. */
export function diffText(
  hunks: readonly FileHunk[],
  { from, to, paint }: { readonly from: string; readonly to: string; readonly paint: Paint },
): string {
  const colours = {
    " ": (text: string) => text,
    "-": (text: string) => paint.bad(text),
    "+": (text: string) => paint.good(text),
  };
  return [
    paint.strong(`--- ${from}`),
    paint.strong(`+++ ${to}`),
    ...hunks.flatMap(({ fromLine, fromCount, toLine, toCount, lines }) => [
      paint.busy(`@@ -${fromLine},${fromCount} +${toLine},${toCount} @@`),
      ...lines.flatMap(({ mark, text }) => {
        const line = colours[mark](mark + printable(text.replace(/\n$/, "")));
        return text.endsWith("\n") ? [line] : [line, paint.dim(OPEN_END)];
      }),
    ]),
  ].join("\n");
}
