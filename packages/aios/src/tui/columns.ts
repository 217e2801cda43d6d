import { pad, widthOf } from "./width.ts";

export interface Column<Row> {
  /** What stands above it, in the reader's language. */
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly align?: "left" | "right";
  /** 0 stays longest; where the table is too wide, the highest goes first. */
  readonly rank: number;
  /** Columns it may shrink to before others are dropped; default: it does not shrink. */
  readonly least?: number;
  /** Colours a cell; the text is filled to its width already. */
  readonly paint?: (text: string, row: Row) => string;
}

const gap = 2;

/**
 * A table of exactly the columns that fit: first the elastic ones shrink, then whole columns go by rank.
 * The first line is the heading. No line is wider than `width`.
 */
export function columnsOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): string[] {
  const measured = columns.map((column) => {
    const cells = rows.map((row) => column.text(row));
    return { column, cells, full: Math.max(widthOf(column.title), ...cells.map(widthOf)) };
  });
  let shown = measured;
  const leastOf = ({ column, full }: (typeof measured)[number]) => Math.min(full, column.least ?? full);
  const total = (widths: readonly number[]) => widths.reduce((sum, each) => sum + each + gap, -gap);
  while (shown.length > 1 && total(shown.map(leastOf)) > width) {
    const last = shown.reduce((most, each) => (each.column.rank > most.column.rank ? each : most));
    shown = shown.filter((each) => each !== last);
  }
  const widths = shown.map(({ full }) => full);
  let surplus = total(widths) - width;
  // The widest elastic column gives first, so that two long ones end up alike.
  while (surplus > 0) {
    let widest = -1;
    for (const [index, each] of shown.entries())
      if (widths[index]! > leastOf(each) && (widest < 0 || widths[index]! > widths[widest]!)) widest = index;
    if (widest < 0) {
      widths[0] = Math.max(0, widths[0]! - surplus);
      break;
    }
    widths[widest]!--;
    surplus--;
  }
  const line = (cell: (index: number) => string) =>
    shown
      .map((_, index) => cell(index))
      .join(" ".repeat(gap))
      .trimEnd();
  return [
    line((index) => pad(shown[index]!.column.title, widths[index]!, shown[index]!.column.align)),
    ...rows.map((row, rowIndex) =>
      line((index) => {
        const { column, cells } = shown[index]!;
        const cell = pad(cells[rowIndex]!, widths[index]!, column.align);
        return column.paint ? column.paint(cell, row) : cell;
      }),
    ),
  ];
}
