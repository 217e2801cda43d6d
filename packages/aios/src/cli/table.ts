import { columnsOf } from "../tui/columns.ts";
import type { Column } from "../tui/columns.ts";
import type { CommandContext } from "./context.ts";

/** A table that fits the terminal: the heading dimmed, colours where they are wanted. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { paint, width }: Pick<CommandContext, "paint" | "width">,
): string {
  const [heading = "", ...lines] = columnsOf(rows, columns, width);
  return [paint.dim(heading), ...lines].join("\n");
}
