import { isSysError, syscallTable } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createSeededRandom } from "../drivers/random/seeded.ts";
import { allows, attenuate } from "./access.ts";
import { checkScopes } from "./scopes.ts";

const names = Object.keys(syscallTable);
/** What somebody may write in the hope that it means more than it says. */
const tricks =
  "* ** *.* .* . llm.* llm.*x llm* llm. LLM.* Llm.chat llm.chat llm.chat* *.chat llm..* llm.*.* llm.chat.* ll?.* llm.[a-z]* (llm|fs).* ^.*$ llm.*,fs.* , / \\* l* prоc.* ｌｌｍ.* llm．chat llm.*\u0000 llm.ch\u200bat proc.* proc:* proc:act-as trust:* trust:user-turns key.* %2A __proto__ constructor";
const patterns = ["", " ", "* ", " *", "llm.* ", ...tricks.split(" "), ...names];

const some = (random: ReturnType<typeof createSeededRandom>): string[] =>
  Array.from({ length: Math.floor(random.next() * 4) }, () => {
    const pattern = patterns[Math.floor(random.next() * patterns.length)] ?? "";
    const other = patterns[Math.floor(random.next() * patterns.length)] ?? "";
    return random.next() < 0.8 ? pattern : pattern + other;
  });
const granted = (held: readonly string[]): Set<string> =>
  new Set([...names, "proc:act-as", "trust:user-turns"].filter((name) => allows(held, name)));
/** As the child's capabilities are; undefined when they are refused. */
function passedOn(wanted: readonly string[] | undefined, held: readonly string[]): readonly string[] | undefined {
  try {
    return attenuate(wanted, held);
  } catch (cause) {
    if (isSysError(cause) && cause.code === "EACCES") return undefined;
    throw cause;
  }
}

test("a pattern is everything, a device, or a syscall, letter by letter; all else covers nothing", () => {
  const meaning = (pattern: string): string[] => {
    if (pattern === "*") return names;
    const device = /^([a-z]+\.)\*$/.exec(pattern)?.[1];
    return names.filter((name) => name === pattern || (device !== undefined && name.startsWith(device)));
  };
  for (const pattern of patterns)
    expect(
      names.filter((name) => allows([pattern], name)),
      JSON.stringify(pattern),
    ).toEqual(meaning(pattern));
});

test("whatever is asked for, a child may do what its parent may or less, and so may its children", () => {
  const random = createSeededRandom(7);
  let [passed, refused] = [0, 0];
  for (let round = 0; round < 20_000; round++) {
    const parent = some(random);
    const child = passedOn(random.next() < 0.1 ? undefined : some(random), parent);
    if (!child) {
      refused++;
      continue;
    }
    passed++;
    const mine = granted(child);
    expect(granted(parent).isSupersetOf(mine), `${JSON.stringify(child)} of ${JSON.stringify(parent)}`).toBe(true);
    const grandchild = passedOn(some(random), child);
    if (!grandchild) continue;
    // Nobody gets by a detour what it would not be given at once.
    expect(passedOn(grandchild, parent), `${JSON.stringify(grandchild)} of ${JSON.stringify(child)}`).toEqual(
      grandchild,
    );
    expect(mine.isSupersetOf(granted(grandchild))).toBe(true);
  }
  expect(Math.min(passed, refused)).toBeGreaterThan(1_000);
});

test("a key is given what there is, and who slips is told what was meant", () => {
  checkScopes(["*", "llm.*", "fs.read", "proc:act-as", "trust:user-turns", ...names]);
  const told = (scope: string): string => {
    try {
      checkScopes(["llm.*", scope]);
      return "taken";
    } catch (cause) {
      return isSysError(cause) ? `${cause.code} ${cause.message} ${cause.hint}` : String(cause);
    }
  };
  expect(told("llm.chatt")).toMatch(/^EINVAL "llm\.chatt" is no scope did you mean llm\.chat\? a scope is \*, /);
  expect(told("trust:user-turn")).toMatch(/did you mean trust:user-turns\?/);
  expect(told("LLM.*")).toMatch(/did you mean llm\.\*\?/);
  const wrong = patterns.filter((pattern) => allows([pattern], "llm.chat") === false && told(pattern) === "taken");
  expect(
    wrong.every((pattern) => names.includes(pattern) || /^(proc|key)\.\*$|^(proc|trust):[a-z-]+$/.test(pattern)),
  ).toBe(true);
});
