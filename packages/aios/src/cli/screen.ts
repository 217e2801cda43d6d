import type { WriteStream } from "node:tty";

/** A terminal that is drawn on whole screens at a time; left as it was found. */
export interface Screen extends Disposable {
  readonly width: number;
  readonly height: number;
  /** Shows these lines; only those that changed are written. */
  draw(lines: readonly string[]): void;
}

const enter = "\u001B[?1049h\u001B[?25l\u001B[?7l";
const leave = "\u001B[?7h\u001B[?25h\u001B[?1049l";
/** Terminals that know it show the frame at once; the others ignore it. */
const [beginFrame, endFrame] = ["\u001B[?2026h", "\u001B[?2026l"];

export function openScreen(terminal: WriteStream, onResize: () => void): Screen {
  let shown: string[] = [];
  const resized = (): void => {
    shown = [];
    terminal.write("\u001B[2J");
    onResize();
  };
  // Also when the program ends by an error nobody caught, the terminal must be usable.
  const restore = (): void => void terminal.write(leave);
  terminal.write(enter);
  terminal.on("resize", resized);
  process.once("exit", restore);
  return {
    get width() {
      return terminal.columns || 80;
    },
    get height() {
      return terminal.rows || 24;
    },
    draw(lines) {
      const frame = lines.slice(0, terminal.rows || 24);
      let text = "";
      for (let row = 0; row < Math.max(frame.length, shown.length); row++) {
        const line = frame[row] ?? "";
        if (line !== shown[row]) text += `\u001B[${row + 1};1H\u001B[2K${line}`;
      }
      shown = frame;
      if (text) terminal.write(beginFrame + text + endFrame);
    },
    [Symbol.dispose]() {
      terminal.off("resize", resized);
      process.off("exit", restore);
      restore();
    },
  };
}

/** Aborts when one of `keys` is pressed; Ctrl-C interrupts the program as ever. */
export function watchKeys(keys: readonly string[]): Disposable & { readonly signal: AbortSignal } {
  const pressed = new AbortController();
  const { stdin } = process;
  if (!stdin.isTTY) return { signal: pressed.signal, [Symbol.dispose]: () => undefined };
  const onInput = (input: Buffer): void => {
    const text = input.toString("utf8");
    if (text.includes("\u0003")) process.kill(process.pid, "SIGINT");
    if (keys.some((key) => text.includes(key))) pressed.abort();
  };
  stdin.setRawMode(true);
  stdin.resume();
  stdin.on("data", onInput);
  return {
    signal: pressed.signal,
    [Symbol.dispose]() {
      stdin.off("data", onInput);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
