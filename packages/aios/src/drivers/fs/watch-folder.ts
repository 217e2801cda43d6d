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

/** Watches a folder with all that is in it, and follows no link. It keeps no process alive. */
export const watchFolder: WatchFolder = (folder, listener) => {
  const pathOf = (path: string): string => relative(folder, path).replaceAll(sep, "/");
  const opened = open();
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

  return { [Symbol.asyncDispose]: close };
};
