/**
 * Reads a stream in batches: what has come by the end of a turn of the event loop goes on together, which is about one
 * read of a socket. Ends when the signal aborts, whatever the stream does; leaving it cancels the stream.
 */
export async function* inBatches<Part>(
  stream: ReadableStream<Part>,
  signal: AbortSignal,
): AsyncGenerator<readonly Part[]> {
  const reader = stream.getReader();
  let pending: Part[] = [];
  let isDone = false;
  let failure: { readonly cause: unknown } | undefined;
  let waiter: PromiseWithResolvers<void> | undefined;
  const wake = (): void => waiter?.resolve();

  const pump = async (): Promise<void> => {
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        if (pending.push(next.value) === 1) setImmediate(wake);
      }
    } catch (cause) {
      failure = { cause };
    }
    isDone = true;
    wake();
  };
  void pump();
  signal.addEventListener("abort", wake);
  try {
    for (;;) {
      if (pending.length === 0 && !isDone && !signal.aborted) {
        waiter = Promise.withResolvers();
        await waiter.promise;
        continue;
      }
      if (signal.aborted) return;
      if (pending.length > 0) {
        const batch = pending;
        pending = [];
        yield batch;
      } else if (failure !== undefined) throw failure.cause;
      else return;
    }
  } finally {
    signal.removeEventListener("abort", wake);
    // Nobody reads any more: how the stream takes it concerns nobody either.
    reader.cancel().catch(() => undefined);
  }
}
