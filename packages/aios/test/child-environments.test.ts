import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../src/", import.meta.url));
/** What people start to measure or to attack this very machine: it sees what they see. */
const startedByPeople = /^(bench|attacks)\//;

interface Start {
  readonly file: string;
  readonly call: string;
}

/** Each place where a process or a thread is started, with its arguments. */
function startsIn(file: string, text: string): Start[] {
  const isStarter = text.includes('"node:child_process"');
  const names = `new Worker${isStarter ? "|(?<![.\\w])(?:spawn|spawnSync|fork|execFile|execFileSync|exec|execSync)" : ""}`;
  return [...text.matchAll(new RegExp(`(?:${names})\\(`, "g"))].map(({ 0: start, index }) => {
    let depth = 1;
    let end = index + start.length;
    for (; depth > 0 && end < text.length; end++) depth += text[end] === "(" ? 1 : text[end] === ")" ? -1 : 0;
    return { file, call: text.slice(index, end) };
  });
}

test("a call that starts a process is found with its arguments", () => {
  const text = `import { spawn } from "node:child_process";\nspawn("a", f(1), { env });\nregex.exec(x);\nnew Worker(y)`;
  expect(startsIn("x.ts", text).map(({ call }) => call)).toEqual(['spawn("a", f(1), { env })', "new Worker(y)"]);
});

test("whoever starts a process or a thread says which environment it gets: none inherits the kernel's", () => {
  const files = globSync("**/*.ts", { cwd: source }).filter((file) => !file.endsWith(".test.ts"));
  const starts = files
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => !startedByPeople.test(file))
    .flatMap((file) => startsIn(file, readFileSync(source + file, "utf8")));
  expect(starts.length).toBeGreaterThan(8);
  expect(starts.filter(({ call }) => !/\benv\b/.test(call))).toEqual([]);
});

test("the environment of this process is read where it enters, and by what picks the harmless names from it", () => {
  const files = globSync("{drivers,kernel,server,daemons,tui,memory}/**/*.ts", { cwd: source });
  const readers = files
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => !file.endsWith(".test.ts") && /\bprocess\.env\b/.test(readFileSync(source + file, "utf8")));
  expect(readers).toEqual(["drivers/proc/harmless-environment.ts"]);
});
