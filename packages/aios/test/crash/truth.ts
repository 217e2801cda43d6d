// What the world outside of the kernels saw: files that only grow, written by those who did it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export class Truth {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Lines of a file, as words; none while there is no such file. */
  lines(file: "paid" | "noted" | "starts" | "twins" | "drawn" | "ended"): string[][] {
    const path = join(this.folder, file);
    if (!existsSync(path)) return [];
    // A last line without its end is not there: who wrote it was killed.
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => line.split(" "));
  }

  /** Whether this call has paid. */
  hasPaid(call: string): boolean {
    return this.lines("paid").some(([by]) => by === call);
  }

  /** What it cannot have seen if everything went well. */
  faults(): string[] {
    const faults: string[] = [];
    const paid = new Set<string>();
    for (const [call = "", ...what] of this.lines("paid")) {
      // What a model makes of its task may say the same as another's: those are told apart by their calls.
      for (const name of isUnique(what) ? [call, ...what] : [call])
        if (paid.has(name)) faults.push(`paid twice: ${name} (${what.join(" ")})`);
      for (const name of isUnique(what) ? [call, ...what] : [call]) paid.add(name);
    }
    const noted = new Map<string, string>();
    for (const [about = "", is = ""] of this.lines("noted")) {
      const before = noted.get(about);
      if (before !== undefined && before !== is) faults.push(`${about} was ${before}, then ${is}`);
      noted.set(about, is);
    }
    const drawn = new Map<string, string>();
    for (const [name, , number, value = ""] of this.lines("drawn")) {
      const draw = `${name} ${number}`;
      const before = drawn.get(draw);
      if (before !== undefined && before !== value) faults.push(`${draw} was ${before}, then ${value}`);
      drawn.set(draw, value);
    }
    for (const twins of this.lines("twins")) faults.push(`two copies at once: ${twins.join(" ")}`);
    return faults;
  }
}

const isUnique = (what: readonly string[]): boolean => what.length === 1 && /^[a-z]+-\d+\.\d+$/.test(what[0] ?? "");
