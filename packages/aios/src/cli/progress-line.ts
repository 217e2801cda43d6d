import { pad } from "../tui/width.ts";
import { sizeText } from "./size-text.ts";

/** Ten times a second is as often as anybody looks. */
const paintEveryMs = 100;

/** One line on a terminal that is written over: how far a file has come, and how fast. Painted when something comes. */
export class ProgressLine implements Disposable {
  readonly #terminal: NodeJS.WriteStream;
  readonly #nowMs: () => number;
  #file = "";
  #fromBytes = 0;
  #fromMs = 0;
  #paintedMs = -Infinity;
  #isShown = false;

  constructor(terminal: NodeJS.WriteStream, nowMs: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#nowMs = nowMs;
  }

  show(file: string, doneBytes: number, totalBytes: number): void {
    const nowMs = this.#nowMs();
    if (file !== this.#file) {
      this.#file = file;
      this.#fromBytes = doneBytes;
      this.#fromMs = nowMs;
    } else if (nowMs - this.#paintedMs < paintEveryMs) return;
    this.#paintedMs = nowMs;
    this.#isShown = true;
    const elapsedS = (nowMs - this.#fromMs) / 1000;
    const speed = elapsedS > 0.5 ? `  ${sizeText((doneBytes - this.#fromBytes) / elapsedS)}/s` : "";
    const percent = totalBytes === 0 ? 100 : Math.floor((doneBytes / totalBytes) * 100);
    const figures = `${String(percent).padStart(3)} %  ${sizeText(doneBytes)} / ${sizeText(totalBytes)}${speed}`;
    const columns = this.#terminal.columns || 80;
    const name = file.slice(-Math.max(0, columns - figures.length - 3));
    this.#terminal.write(`\r${pad(`${name}  ${figures}`, columns - 1)}`);
  }

  /** Makes way for other lines. */
  clear(): void {
    if (this.#isShown) this.#terminal.write(`\r${" ".repeat((this.#terminal.columns || 80) - 1)}\r`);
    this.#isShown = false;
    this.#paintedMs = -Infinity;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
