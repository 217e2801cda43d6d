// Attacks by what stands in the folder: things that are no plain files, or that have no end.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isEndless, through } from "./attack.ts";
import type { Attack, Try } from "./attack.ts";

const all = (...paths: readonly string[]): Try[] =>
  paths.flatMap((path) => (["read", "write", "list", "remove"] as const).map((like) => [like, path] as const));

const bind = 'require("net").createServer().listen("socket", () => process.kill(process.pid, "SIGKILL"))';
const DEPTH = 1_200;

export const specialAttacks: readonly Attack[] = [
  {
    name: "pipes and sockets",
    enough: 1,
    lay: ({ host, outside }) => {
      execFileSync("mkfifo", [join(host, "pipe")]);
      // One socket has many names. Whoever bound it is gone: opening it is what counts.
      const folder = dirname(outside);
      if (!existsSync(join(folder, "socket")))
        spawnSync(process.execPath, ["-e", bind], { cwd: folder, stdio: "ignore" });
      linkSync(join(folder, "socket"), join(host, "socket"));
    },
    tries: ({ path }) => all(`${path}/pipe`, `${path}/socket`, `${path}/pipe/x`),
  },
  {
    name: "devices (zero, random, the machine's disk)",
    needs: "root",
    lay: ({ host }) => {
      for (const [name, ...device] of [
        ["zero", "c", "1", "5"],
        ["random", "c", "1", "8"],
        ["disk", "b", "254", "0"],
      ] as const)
        execFileSync("mknod", ["-m", "0666", join(host, name), ...device]);
    },
    tries: ({ path }) => ["zero", "random", "disk"].map((name) => ["read", `${path}/${name}`] as const),
    judge: (like, { is }) => (like === "read" && is === "done" ? "a device was read" : undefined),
  },
  {
    name: "a sparse file of a terabyte",
    enough: 1,
    lay: ({ host }) => {
      writeFileSync(join(host, "huge"), "");
      truncateSync(join(host, "huge"), 2 ** 40);
    },
    tries: ({ path }) => [["list", path], ...all(`${path}/huge`)],
    judge: isEndless,
  },
  {
    name: "names of half-written files, taken before",
    lay: ({ host, outside }) => {
      for (const name of ["f.tmp", "f~", ".f.swp", ".aios-tmp-", ".aios-tmp-f"])
        symlinkSync(join(outside, "extra"), join(host, name));
    },
    tries: ({ path }) => [["write", `${path}/f`], ...all(`${path}/.aios-tmp-`, `${path}/.aios-tmp-f`), ["list", path]],
  },
  {
    name: "a mount over a folder and a file",
    needs: "mount",
    beyond: "who may mount where the kernel runs reaches all of the machine",
    lay: ({ host, outside }) => {
      mkdirSync(join(host, "folder"));
      writeFileSync(join(host, "file"), "");
      execFileSync("mount", ["--bind", outside, join(host, "folder")]);
      execFileSync("mount", ["--bind", join(outside, "file"), join(host, "file")]);
    },
    tries: ({ path }) => [
      ["read", `${path}/folder/file`],
      ["list", `${path}/folder`],
      ["read", `${path}/file`],
    ],
  },
  // The last: a kernel that it keeps busy is busy for a while.
  {
    name: `${DEPTH} nested folders with a link at the bottom`,
    lay: ({ host, outside }) => {
      const bottom = join(host, "d/".repeat(DEPTH));
      mkdirSync(bottom, { recursive: true });
      symlinkSync(outside, join(bottom, "link"));
    },
    tries: ({ path }) => [
      ...through(`${path}/${"d/".repeat(DEPTH)}link`),
      ["write", `${path}/${"d/".repeat(DEPTH)}${"e/".repeat(500)}file`],
      ["write", `${path}/${"f/".repeat(DEPTH)}file`],
      ["list", path],
      ["remove", `${path}/d`],
    ],
  },
];
