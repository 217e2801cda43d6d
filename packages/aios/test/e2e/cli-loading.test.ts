import { afterAll, beforeAll, expect, test } from "vitest";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 60_000;

let aios: Aios;
beforeAll(async () => {
  aios = await openAios();
}, timeoutMs);
afterAll(() => aios[Symbol.asyncDispose](), timeoutMs);

/** Tells on stderr which packages a process has loaded. */
const watcher = `
  import { registerHooks } from "node:module";
  const packages = new Set();
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const name = /\\/(?:node_modules\\/(?:@[^/]+\\/)?[^/]+|packages\\/sdk)(?=\\/)/.exec(found.url)?.[0];
      if (name) packages.add(name.split("/").at(-1));
      return found;
    },
  });
  process.on("exit", () => process.stderr.write("loaded " + JSON.stringify([...packages].toSorted()) + "\\n"));
`;

async function packagesOf(args: readonly string[]): Promise<string[]> {
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(watcher)}`;
  const { err } = await aios.run(args, { env: { NODE_OPTIONS } });
  return JSON.parse(/^loaded (.*)$/m.exec(err)?.[1] ?? "null") as string[];
}

/** What finds the home is light, and needed by what looks at the running kernel. */
const light = new Set(["commander", "env-paths", "is-safe-filename"]);

// zod, the sdk and undici cost 90 to 170 ms of CPU each; a shell asks for completions at each TAB.
test.each([
  "--version",
  "help --lang zh",
  "run --help",
  "__complete config",
  "completion zsh",
  "version",
  "confg",
  "ps --jsn",
])(
  "aios %s loads commander and nothing heavy",
  async (line) => {
    expect((await packagesOf(line.split(" "))).filter((name) => !light.has(name))).toEqual([]);
  },
  timeoutMs,
);

test(
  "what speaks with a kernel loads the sdk, but neither the server nor the drivers",
  async () => {
    const { code, err } = await aios.run(["up", "-d", "--port", "0", "--core", "sim"]);
    expect(code, err).toBe(0);
    const packages = await packagesOf(["ps"]);
    expect(packages).toContain("sdk");
    for (const heavy of ["hono", "mathjs", "jsonata", "prom-client", "undici"]) expect(packages).not.toContain(heavy);
  },
  timeoutMs,
);
