// Attacks by what a path says.
import { linkSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { through } from "./attack.ts";
import type { Attack } from "./attack.ts";

/** Names that Windows gives to devices, whatever follows a dot, a colon or a space. */
const isDevice = (name: string): boolean =>
  /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)$/i.test((name.split(/[.:]/)[0] ?? "").trimEnd());

export const pathAttacks: readonly Attack[] = [
  {
    name: "traversal by `..`",
    check: "nothing",
    isOfPaths: true,
    tries: ({ root, up, path, outside }) =>
      through(
        ...[up, `./${up}`, `a/../${up}`, `.//${up}`, up.replaceAll("/", "//"), up.replaceAll("/", "/./")].map(
          (way) => root + way,
        ),
        `${path}/../${up}`,
        `${root}${"../".repeat(40)}${outside.slice(1)}`,
        `${root}${up}/.`,
        `${root}${up}/sub/..`,
      ),
  },
  {
    name: "encoded `..`: percent, twice, overlong UTF-8",
    check: "nothing",
    readAs: "decoded",
    isOfPaths: true,
    tries: ({ root, up }) =>
      through(
        ...[
          up.replaceAll("..", "%2e%2e"),
          up.replaceAll("..", "%2E."),
          up.replaceAll("../", "..%2f"),
          up.replaceAll("../", "%2e%2e%2f"),
          up.replaceAll("../", "%252e%252e%252f"),
          up.replaceAll("../", "\u00c0\u00ae\u00c0\u00ae/"),
          up.replaceAll("../", "%c0%ae%c0%ae%c0%af"),
        ].map((way) => root + way),
      ),
  },
  {
    name: "backslashes and mixed separators",
    check: "nothing",
    readAs: "backslashes",
    isOfPaths: true,
    tries: ({ root, up }) =>
      through(
        ...[up.replaceAll("/", "\\"), up.replace("/", "\\"), up.replaceAll("/", "\\/"), `a\\..\\${up}`].map(
          (way) => root + way,
        ),
      ),
  },
  {
    name: "look-alikes of dots and slashes",
    check: "nothing",
    readAs: "compatibility",
    isOfPaths: true,
    tries: ({ root, up }) =>
      through(
        ...[
          up.replaceAll("../", "\uff0e\uff0e\uff0f"),
          up.replaceAll("..", "\u2025"),
          up.replaceAll("..", "\u2024\u2024"),
          up.replaceAll("..", ".\ufe52"),
          up.replaceAll("/", "\uff0f"),
          // These look alike, and no form makes slashes of them.
          up.replaceAll("/", "\u2215"),
          up.replaceAll("/", "\u2044"),
          up.replaceAll("..", "..\u200b"),
          up.replaceAll("..", "\ud800.."),
        ].map((way) => root + way),
      ),
  },
  {
    name: "absolute paths",
    check: "nothing",
    isOfPaths: true,
    tries: ({ outside }) =>
      through(
        outside,
        `/${outside}`,
        `//${outside}`,
        `/.${outside}`,
        `/..${outside}`,
        `/proc/self/root${outside}`,
        `/proc/thread-self/root${outside}`,
        `/home${outside}`,
        `/shared/../..${outside}`,
        `/mnt/..${outside}`,
        `file://${outside}`,
        `~/..${outside}`,
      ),
  },
  {
    name: "drive letters, UNC and device paths, as Windows reads them",
    check: "nothing",
    readAs: "windows",
    isOfPaths: true,
    tries: ({ outside, up }) => {
      const back = outside.replaceAll("/", "\\");
      return through(
        `C:${outside}`,
        `c:${back}`,
        `C:${up}`,
        `//localhost/C$${outside}`,
        `\\\\localhost\\C$${back}`,
        `\\\\?\\C:${back}`,
        `//?/C:${outside}`,
        `//./C:${outside}`,
      );
    },
  },
  {
    name: "names of devices on Windows (CON, NUL, …), with endings",
    check: "nothing",
    isOfPaths: true,
    tries: ({ path }) =>
      ["CON", "nul", "Aux", "PRN", "COM1", "lpt9", "com\u00b9", "CONIN$", "conout$"].flatMap((name) =>
        ["", ".", " ", ".txt", " .txt", "...", ":", "/file"].map(
          (ending) => ["write", `${path}/${name}${ending}`] as const,
        ),
      ),
    judge: (_, { is }, path) =>
      is === "done" && path.split("/").some(isDevice) ? "Windows has a device of that name" : undefined,
  },
  {
    name: "NUL and control characters",
    check: "nothing",
    readAs: "c-string",
    isOfPaths: true,
    tries: ({ root, up, path }) => [
      ["read", `${root}${up}/file\0.txt`],
      ["read", `${root}${up}/file\0`],
      ["remove", `${root}${up}/extra\0/x`],
      ["read", `${path}/\0/../${up}/file`],
      ...through(
        ...["\u0001", "\n", "\r", "\u007f", "\u0085", "\u001b"].map(
          (control) => root + up.replaceAll("..", `.${control}.`),
        ),
      ),
    ],
  },
  {
    name: "very long names and paths",
    check: "nothing",
    isOfPaths: true,
    tries: ({ root, up }) =>
      through(
        ...[
          "./".repeat(1_900) + up,
          `${"/".repeat(3_500)}${up}`.slice(1),
          `${"a/".repeat(800)}${"../".repeat(800)}${up}`,
          `${"x".repeat(255)}/../${up}`,
          `${"x".repeat(256)}/../${up}`,
          `${"键".repeat(100)}/../${up}`,
          `${"x".repeat(4_090)}/../${up}`,
          `${"x/".repeat(50_000)}${"../".repeat(50_000)}${up}`,
          `${"x".repeat(1_000_000)}/../${up}`,
        ].map((way) => root + way),
      ),
  },
  {
    name: "links under names that differ by normal form (NFC, NFD)",
    readAs: "composed",
    lay: ({ host, outside }) => {
      for (const name of ["\u00e9", "\uac00", "\u00c5"]) symlinkSync(outside, join(host, name));
    },
    tries: ({ path }) => through(...["e\u0301", "\u1100\u1161", "\u212b", "A\u030a"].map((name) => `${path}/${name}`)),
  },
  {
    name: "links under names that differ by case",
    readAs: "folded",
    lay: ({ host, outside }) => symlinkSync(outside, join(host, "Kept")),
    tries: ({ path }) => through(...["kept", "KEPT", "\u212aept", "\uff2bept"].map((name) => `${path}/${name}`)),
  },
  {
    name: "links: to files, folders, in chains, dangling, in loops",
    lay: ({ host, outside }) => {
      symlinkSync(outside, join(host, "folder"));
      symlinkSync("folder", join(host, "chain-0"));
      for (let index = 1; index < 20; index++) symlinkSync(`./chain-${index - 1}`, join(host, `chain-${index}`));
      symlinkSync(`/proc/self/root${outside}`, join(host, "by-proc"));
      symlinkSync(join(outside, "file"), join(host, "file"));
      symlinkSync(join(outside, "extra"), join(host, "extra"));
      symlinkSync(join(outside, "made"), join(host, "dangling"));
      symlinkSync("loop", join(host, "loop"));
      mkdirSync(join(host, "own"));
      symlinkSync("../folder", join(host, "own", "inner"));
    },
    tries: ({ path }) => [
      ...through(
        ...["folder", "chain-0", "chain-19", "by-proc", "own/inner", "folder/sub", "loop"].map(
          (name) => `${path}/${name}`,
        ),
      ),
      ...["file", "extra", "dangling", "loop"].flatMap((name) =>
        (["read", "write", "list", "remove"] as const).map((like) => [like, `${path}/${name}`] as const),
      ),
    ],
  },
  {
    name: "hard links to what is outside",
    lay: ({ host, outside }) => {
      for (const name of ["file", "extra"]) linkSync(join(outside, name), join(host, name));
    },
    tries: ({ path }) => [
      ["read", `${path}/file`],
      ["write", `${path}/extra`],
      ["list", path],
      ["remove", `${path}/file`],
    ],
  },
];
