/** How text is made to stand out. `plain` where colours are unwanted (NO_COLOR, a pipe). */
export interface Paint {
  strong(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  busy(text: string): string;
  waiting(text: string): string;
  held(text: string): string;
  bad(text: string): string;
}

const same = (text: string) => text;
export const plain: Paint = {
  strong: same,
  dim: same,
  good: same,
  busy: same,
  waiting: same,
  held: same,
  bad: same,
};

const sgr = (open: number, close: number) => (text: string) =>
  text === "" ? "" : `\u001B[${open}m${text}\u001B[${close}m`;
/** The terminal's own 16 colours, so that it looks right on light and on dark ground. */
export const colour: Paint = {
  strong: sgr(1, 22),
  dim: sgr(2, 22),
  good: sgr(32, 39),
  busy: sgr(36, 39),
  waiting: sgr(33, 39),
  held: sgr(35, 39),
  bad: sgr(31, 39),
};
