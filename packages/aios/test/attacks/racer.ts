// node racer.ts KIND FOLDER OUTSIDE: turns things over in a folder of the process, as fast as it can, until it is told to stop.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";

const [kind = "", folder = "", outside = ""] = process.argv.slice(2);
const at = (...names: string[]): string => join(folder, ...names);
const TURNS = 100;

interface Racer {
  lay(): void;
  turn(): void;
}

/** Puts `from` in the place of `to`, whatever the attacked one has put there meanwhile. */
function move(from: string, to: string): void {
  for (let tries = 0; tries < 200; tries++) {
    try {
      return fs.renameSync(from, to);
    } catch {
      fs.rmSync(to, { recursive: true, force: true });
    }
  }
  throw new Error(`cannot move ${from} to ${to}`);
}

/** Two things take each other's place at `slot`. */
const swap = (slot: string, [own, other]: readonly [string, string]): void => {
  move(slot, own);
  move(other, slot);
  move(slot, other);
  move(own, slot);
};

function layOwn(slot: string): void {
  for (const name of ["", "sub"]) {
    fs.mkdirSync(join(slot, name), { recursive: true });
    for (const file of ["file", "extra"]) fs.writeFileSync(join(slot, name, file), "own");
  }
}

const folderAt = (...above: string[]): Racer => ({
  lay() {
    layOwn(at(...above, "slot"));
    fs.symlinkSync(outside, at(...above, "link"));
  },
  turn: () => swap(at(...above, "slot"), [at(...above, "real"), at(...above, "link")]),
});

const fileAgainst = (lay: (path: string) => void): Racer => ({
  lay() {
    fs.writeFileSync(at("slot"), "own");
    lay(at("other"));
  },
  turn: () => swap(at("slot"), [at("own"), at("other")]),
});

const mine = `${process.pid}`;
let number = 0;
/** Takes something away without looking into what others may have put there. */
const trash = (name: string): void => {
  const gone = at(`gone-${mine}-${number++}`);
  fs.renameSync(at(name), gone);
  fs.rmSync(gone, { recursive: true, force: true });
};

const racers: Record<string, Racer> = {
  "folder-link": folderAt(),
  "deep-folder-link": folderAt(...Array.from({ length: 800 }, () => "d")),
  "file-link": fileAgainst((path) => fs.symlinkSync(join(outside, "file"), path)),
  "file-pipe": fileAgainst((path) => void execFileSync("mkfifo", [path])),
  // Only root makes one: the runner has.
  "file-device": fileAgainst((path) => fs.linkSync(at("..", "zero"), path)),
  "file-huge": fileAgainst((path) => {
    fs.writeFileSync(path, "");
    fs.truncateSync(path, 2 ** 40);
  }),
  // What is looked at is a plain file; what is opened has two names, and one when it is asked for them.
  "hard-link": {
    lay: () => undefined,
    turn() {
      fs.writeFileSync(at("new"), "own");
      fs.renameSync(at("new"), at("slot"));
      fs.linkSync(join(outside, "file"), at("new"));
      fs.renameSync(at("new"), at("slot"));
      fs.unlinkSync(at("slot"));
    },
  },
  "hard-link-renamed": {
    lay: () => fs.writeFileSync(at("slot"), "own"),
    turn() {
      fs.linkSync(join(outside, "file"), at("new"));
      fs.renameSync(at("new"), at("slot"));
      fs.writeFileSync(at("new"), "own");
      fs.renameSync(at("new"), at("slot"));
    },
  },
  "link-retargeted": {
    lay() {
      layOwn(at("own"));
      fs.symlinkSync("own", at("slot"));
    },
    turn() {
      for (const target of [outside, "own"]) {
        fs.symlinkSync(target, at("new"));
        fs.renameSync(at("new"), at("slot"));
      }
    },
  },
  "folder-remade": {
    lay: () => undefined,
    turn() {
      const gone = at(`gone-${mine}-${number++}`);
      if (fs.existsSync(at("slot"))) fs.renameSync(at("slot"), gone);
      fs.symlinkSync(outside, at("slot"));
      fs.unlinkSync(at("slot"));
      fs.rmSync(gone, { recursive: true, force: true });
    },
  },
  "temporary-names": {
    lay: () => fs.mkdirSync(at("slot")),
    turn() {
      for (const name of new Set([...fs.readdirSync(at("slot")), "f.tmp"])) {
        if (name === "f") continue;
        const made = at(`made-${mine}`);
        if (number++ % 2 === 0) fs.symlinkSync(join(outside, "extra"), made);
        else fs.linkSync(join(outside, "extra"), made);
        fs.renameSync(made, at("slot", name));
      }
    },
  },
  growing: {
    lay: () => fs.writeFileSync(at("slot"), ""),
    turn() {
      fs.truncateSync(at("slot"), 15 * 1024 * 1024);
      const more = Buffer.alloc(1024 * 1024, "x");
      for (let mebibytes = 0; mebibytes < 40; mebibytes++) fs.appendFileSync(at("slot"), more);
    },
  },
  mounts: {
    lay: () => layOwn(at("slot")),
    turn() {
      execFileSync("mount", ["--bind", outside, at("slot")]);
      execFileSync("umount", ["-l", at("slot")]);
    },
  },
  // Several of them in one folder: nothing is looked into that somebody else may have put there.
  everything: {
    lay: () => undefined,
    turn() {
      const [some, other] = [0, 1].map(() => ["slot", "one", "two", "three"][Math.floor(Math.random() * 4)] as string);
      const made = at(`made-${mine}-${number++}`);
      const acts = [
        () => fs.renameSync(at(some as string), at(other as string)),
        () => trash(some as string),
        () => fs.symlinkSync(outside, made),
        () => fs.symlinkSync(join(outside, "file"), made),
        () => fs.linkSync(join(outside, "file"), made),
        () => fs.writeFileSync(made, "own"),
        () => layOwn(made),
      ];
      (acts[Math.floor(Math.random() * acts.length)] as () => void)();
      if (fs.lstatSync(made, { throwIfNoEntry: false })) fs.renameSync(made, at(some as string));
    },
  },
};

const racer = racers[kind] as Racer;
let isOver = false;
let turns = 0;
process.on("message", () => (isOver = true));
process.on("disconnect", () => process.exit());

function clear(): void {
  for (const name of fs.readdirSync(folder)) fs.rmSync(at(name), { recursive: true, force: true });
}

function layAgain(): void {
  // Others are at it, too: it is laid when it is laid.
  for (let tries = 0; tries < 100; tries++)
    try {
      clear();
      return racer.lay();
    } catch {
      // Once more.
    }
}

function go(): void {
  for (let turn = 0; turn < TURNS && !isOver; turn++)
    try {
      racer.turn();
      turns++;
    } catch {
      if (kind !== "everything" && kind !== "folder-remade") layAgain();
    }
  if (!isOver) return void setImmediate(go);
  process.send?.({ turns }, () => process.disconnect());
}

racer.lay();
process.send?.({ turns: 0 });
go();
