import type { Note } from "@aiosjs/sdk/protocol";
import { oneLine } from "../memory/text.ts";
import { fit } from "../tui/width.ts";
import { wallTime } from "./timers.ts";

/** Of a note's content in a list where stdout is no terminal. */
const LONGEST = 300;

/** A note's content in one line that fits, without what would move the cursor. */
export const contentLine = ({ content }: Pick<Note, "content">, width: number): string =>
  fit(oneLine(content, LONGEST), width);

/** `2026-11-22 07:30`, by the clocks here. */
export const timeText = (ms: number): string =>
  wallTime(ms - (ms % 60_000), Intl.DateTimeFormat().resolvedOptions().timeZone);
