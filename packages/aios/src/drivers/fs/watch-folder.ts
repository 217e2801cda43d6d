import { relative, sep } from "node:path";

/** Told of what others do in a folder, by names that are separated by slashes. */
interface FolderListener {
  touched(path: string): void;
  /** Everything that is done from here on is told. */
  ready(): void;
  /** Nothing is told any more. */
  failed(cause: unknown): void;
  isIgnored(path: string): boolean;
}

export type WatchFolder = (folder: string, listener: FolderListener) => AsyncDisposable;

/**
 * The system hands on all of a storm before anything else goes on: while renames come faster than they are told, the kernel's
 * thread does nothing else. So many at least that take so long of a second are a storm.
 */
const STORM = 1_000;
const STORM_MS = 250;
const SECOND_MS = 1_000;
/** A folder in which there was a storm is not watched for so long. */
const CALM_MS = 10_000;

/** Watches a folder with all that is in it, and follows no link. It keeps no process alive. */
export const watchFolder: WatchFolder = (folder, listener) => {
  const pathOf = (path: string): string => relative(folder, path).replaceAll(sep, "/");
  let isClosed = false;
  let calm: NodeJS.Timeout | undefined;
  let opened = open();
  const close = async (): Promise<void> => (await opened)?.close();

  async function open() {
    try {
      const { watch } = await import("chokidar");
      const watcher = watch(folder, {
        ignoreInitial: true,
        followSymlinks: false,
        // Who is told waits until a file is quiet.
        atomic: false,
        persistent: false,
        ignorePermissionErrors: true,
        ignored: (path) => path !== folder && listener.isIgnored(pathOf(path)),
      });
      let second = { endsAtMs: 0, count: 0, heldMs: 0 };
      /** Since when this turn of the event loop is held. */
      let sinceMs: number | undefined;
      watcher.on("raw", () => {
        const nowMs = performance.now();
        if (sinceMs === undefined)
          setImmediate(() => {
            second.heldMs += performance.now() - nowMs;
            sinceMs = undefined;
          }).unref();
        sinceMs ??= nowMs;
        if (nowMs >= second.endsAtMs) second = { endsAtMs: nowMs + SECOND_MS, count: 0, heldMs: 0 };
        if (++second.count < STORM || second.heldMs + nowMs - sinceMs < STORM_MS || calm) return;
        void watcher.close();
        calm = setTimeout(() => {
          calm = undefined;
          if (!isClosed) opened = open();
        }, CALM_MS).unref();
      });
      watcher.on("all", (_event, path) => listener.touched(pathOf(path)));
      watcher.on("ready", () => listener.ready());
      watcher.on("error", (cause) => {
        listener.failed(cause);
        void close();
      });
      return watcher;
    } catch (cause) {
      listener.failed(cause);
      return undefined;
    }
  }

  return {
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      clearTimeout(calm);
      await close();
    },
  };
};
