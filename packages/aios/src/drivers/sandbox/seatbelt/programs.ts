/** Programs of the system, by their full paths: a PATH says whose they are, and these decide what is held. */
export interface SystemPrograms {
  readonly sandboxExec: string;
  readonly ps: string;
  readonly lsof: string;
}

/** Where macOS has them; that part of its disk is sealed. */
export const systemPrograms: SystemPrograms = {
  sandboxExec: "/usr/bin/sandbox-exec",
  ps: "/bin/ps",
  lsof: "/usr/sbin/lsof",
};
