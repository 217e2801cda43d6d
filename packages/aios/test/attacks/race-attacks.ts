// Attacks by what changes between looking and opening.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { isEndless } from "./attack.ts";
import type { Attack, Try } from "./attack.ts";

const within = (slot: string, inner = ""): Try[] => [
  ["read", `${slot}/${inner}file`],
  ["read", `${slot}/${inner}file`],
  ["list", `${slot}${inner === "" ? "" : "/sub"}`],
  ["read", `${slot}/${inner}file`],
  ["write", `${slot}/${inner}extra`],
  ["read", `${slot}/${inner}file`],
  ["remove", `${slot}/${inner}extra`],
  ["write", `${slot}/${inner}new/file`],
];

const ofFile = (slot: string): Try[] => [
  ["read", slot],
  ["read", slot],
  ["read", slot],
  ["write", slot],
];

export const raceAttacks: readonly Attack[] = [
  {
    name: "a folder swapped for a link and back, two at once",
    check: "real path",
    racers: ["folder-link", "folder-link"],
    weight: 3,
    tries: ({ path }) => [...within(`${path}/0/slot`), ...within(`${path}/1/slot`)],
  },
  {
    name: "a parent folder renamed, with a link in its place",
    check: "real path",
    racers: ["folder-link"],
    tries: ({ path }) => within(`${path}/0/slot`, "sub/"),
  },
  {
    name: "the same below 800 folders",
    check: "real path",
    racers: ["deep-folder-link"],
    tries: ({ path }) => within(`${path}/0/${"d/".repeat(800)}slot`),
  },
  {
    name: "a folder that is made while it becomes a link",
    check: "real path",
    racers: ["folder-remade"],
    tries: ({ path }) => [...within(`${path}/0/slot`), ["write", `${path}/0/slot/a/b/c`]],
  },
  {
    name: "a link turned from inside to outside",
    check: "real path",
    racers: ["link-retargeted"],
    tries: ({ path }) => within(`${path}/0/slot`),
  },
  {
    name: "a file swapped for a link between check and open",
    check: "real path",
    racers: ["file-link"],
    tries: ({ path }) => ofFile(`${path}/0/slot`),
  },
  {
    name: "a hard link that is unlinked once it is open",
    check: "real path",
    racers: ["hard-link"],
    weight: 3,
    tries: ({ path }) => [["read", `${path}/0/slot`]],
  },
  {
    name: "a file swapped for a hard link",
    check: "real path",
    racers: ["hard-link-renamed"],
    tries: ({ path }) => ofFile(`${path}/0/slot`),
  },
  {
    name: "a file swapped for a pipe",
    check: "real path",
    racers: ["file-pipe"],
    enough: 1,
    tries: ({ path }) => ofFile(`${path}/0/slot`),
  },
  {
    name: "a file swapped for /dev/zero",
    needs: "root",
    check: "real path",
    racers: ["file-device"],
    lay: ({ host }) => void execFileSync("mknod", ["-m", "0666", join(host, "zero"), "c", "1", "5"]),
    tries: ({ path }) => [["read", `${path}/0/slot`]],
    judge: isEndless,
  },
  {
    name: "a file swapped for a sparse one of a terabyte",
    check: "real path",
    racers: ["file-huge"],
    weight: 0.5,
    tries: ({ path }) => [...ofFile(`${path}/0/slot`), ["write", `${path}/0/slot`], ["remove", `${path}/0/slot`]],
    judge: isEndless,
  },
  {
    name: "a file that grows while it is read",
    check: "real path",
    racers: ["growing"],
    weight: 0.02,
    tries: ({ path }) => [["read", `${path}/0/slot`]],
    judge: isEndless,
  },
  {
    name: "names of half-written files, taken as they appear",
    racers: ["temporary-names"],
    tries: ({ path }) => [
      ["write", `${path}/0/slot/f`],
      ["read", `${path}/0/slot/f`],
    ],
  },
  {
    name: "everything at once, three at once in one folder",
    check: "real path",
    racers: ["everything", "everything", "everything"],
    weight: 2,
    tries: ({ path }) => [...within(`${path}/slot`), ...ofFile(`${path}/slot`)],
  },
  {
    name: "a mount that comes and goes",
    needs: "mount",
    beyond: "who may mount where the kernel runs reaches all of the machine",
    check: "real path",
    racers: ["mounts"],
    weight: 0.2,
    tries: ({ path }) => within(`${path}/0/slot`).filter(([like]) => like === "read" || like === "list"),
  },
];
