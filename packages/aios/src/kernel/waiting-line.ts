/** Who waits for its turn, in order of arrival; each with what it wants. */
export class WaitingLine<Wish, Got> {
  readonly #line = new Set<{
    readonly wish: Wish;
    readonly serve: (got: Got) => void;
    readonly refuse: (cause: unknown) => void;
  }>();

  get isEmpty(): boolean {
    return this.#line.size === 0;
  }

  /** What the first in line wants. */
  get first(): Wish | undefined {
    const [first] = this.#line;
    return first?.wish;
  }

  /** Resolves when it is served; rejects with the signal's reason, and leaves the line. */
  wait(wish: Wish, signal: AbortSignal): Promise<Got> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#line.delete(one);
        signal.removeEventListener("abort", abort);
      };
      const refuse = (cause: unknown): void => {
        leave();
        reject(cause);
      };
      const abort = (): void => refuse(signal.reason);
      const serve = (got: Got): void => {
        leave();
        resolve(got);
      };
      const one = { wish, serve, refuse };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.#line.add(one);
    });
  }

  /** Serves the first in line. */
  serve(got: Got): void {
    const [first] = this.#line;
    first?.serve(got);
  }

  /** Serves all whose wish this is. */
  serveAll(got: Got, isDue: (wish: Wish) => boolean = () => true): void {
    for (const one of this.#line) if (isDue(one.wish)) one.serve(got);
  }

  refuseAll(cause: unknown): void {
    for (const one of this.#line) one.refuse(cause);
  }
}
