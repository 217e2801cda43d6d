const names = new Set([
  "PATH",
  "HOME",
  "USER",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "TEMP",
  "TMP",
  "SystemRoot",
  "NO_COLOR",
]);

/** What a process of our own may know of the machine: no key, no token, no address. `more` names pass, too. */
export const harmlessEnvironment = (more?: RegExp): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && (names.has(name) || more?.test(name)) ? [[name, value]] : [],
    ),
  );
