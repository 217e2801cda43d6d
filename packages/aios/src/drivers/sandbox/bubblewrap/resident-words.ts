import type { Told } from "./cell.ts";

/** RLIMIT_…, the same on every processor that there is a filter for. */
const limitNumbers = { fileSize: 1, data: 2, core: 4, processes: 6, openFiles: 7 } as const;

/** A command as a resident hears it: input, folder, bounds, whether there is input, how many variables, they, and the program with its arguments. */
export function wordsOf({ argv, environment = {}, folder = "", input, bounds }: Told): Uint8Array {
  const limits: readonly (readonly [number, number])[] = [
    [limitNumbers.core, 0],
    // Of the data segment: V8 and Go reserve addresses by the gigabyte that they never use.
    [limitNumbers.data, bounds.memoryBytes],
    [limitNumbers.fileSize, bounds.fileBytes],
    [limitNumbers.openFiles, bounds.openFiles],
    [limitNumbers.processes, bounds.processes],
  ];
  const variables = Object.entries(environment);
  const words = [
    input ?? "",
    folder,
    limits.map((pair) => pair.join(":")).join(" "),
    input === undefined ? "" : "1",
    String(variables.length),
    ...variables.flat(),
    ...argv,
  ].map((word) => (typeof word === "string" ? Buffer.from(word) : word));
  const all = Buffer.concat(words.flatMap((word) => [lengthOf(word), word]));
  return Buffer.concat([lengthOf(all), all]);
}

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}

export type Letter = "r" | "o" | "e" | "x" | "f";

const headerBytes = 5;

/** Takes apart what a resident says. Output is passed on as it comes, in parts; what else it says, whole. */
export function createReader(emit: (letter: Letter, bytes: Buffer) => void): (part: Buffer) => void {
  let held: Buffer = Buffer.alloc(0);
  return (part) => {
    held = held.length === 0 ? part : Buffer.concat([held, part]);
    while (held.length >= headerBytes) {
      const letter = String.fromCharCode(held[0]!) as Letter;
      const length = held.readUInt32BE(1);
      const isOutput = letter === "o" || letter === "e";
      const whole = held.length - headerBytes >= length;
      if (!whole && !isOutput) return;
      const bytes = held.subarray(headerBytes, headerBytes + length);
      if (!whole) {
        // The rest of it comes as if it were said anew.
        const header = Buffer.from(held.subarray(0, headerBytes));
        header.writeUInt32BE(length - bytes.length, 1);
        held = header;
        emit(letter, bytes);
        return;
      }
      held = held.subarray(headerBytes + length);
      emit(letter, bytes);
    }
  };
}
