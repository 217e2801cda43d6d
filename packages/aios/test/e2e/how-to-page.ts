import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { main, openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

const sdk = fileURLToPath(new URL("../../../sdk", import.meta.url));
const inMark = /\n:exit (\d+)\n$/;

interface Typed {
  readonly line: string;
  readonly said: string;
}

/** A page of docs/how-to that is done as it says: its programs lie in a folder, and its lines are typed into one shell there. */
export interface HowToPage extends AsyncDisposable {
  readonly aios: Aios;
  /** Types the lines of a section, one after the other; `before` may wait for something. @throws when one of them fails. */
  type(section: string, before?: (line: string) => Promise<void>): Promise<Typed[]>;
}

const read = (name: string): string =>
  readFileSync(new URL(`../../../../docs/how-to/${name}`, import.meta.url), "utf8");

/**
 * The page's home (/tmp/aios-try, and what begins so) is one of its own, and its kernel listens on a port of its own.
 * `others`: pages whose programs it uses.
 */
export async function openHowToPage(name: string, ...others: readonly string[]): Promise<HowToPage> {
  const page = read(name);
  const aios = await openAios();
  const folder = mkdtempSync(join(tmpdir(), "aios-page-"));
  writePrograms([page, ...others.map(read)].join("\n"), folder);
  const shell = spawn("bash", { cwd: folder, env: environment(folder, aios.home), stdio: ["pipe", "pipe", "ignore"] });
  let heard = "";
  shell.stdout.setEncoding("utf8").on("data", (piece: string) => (heard += piece));
  const typed = async (line: string): Promise<string> => {
    heard = "";
    shell.stdin.write(`{ ${line}\n} </dev/null 2>&1; printf '\\n:exit %s\\n' $?\n`);
    while (!inMark.test(heard)) await once(shell.stdout, "data");
    const [, code] = inMark.exec(heard) ?? [];
    if (code !== "0") throw new Error(`${line}: exit ${code}\n${heard}`);
    return heard.replace(inMark, "");
  };
  return {
    aios,
    async type(section, before = () => Promise.resolve()) {
      const all: Typed[] = [];
      for (const line of linesOf(page, section)) {
        await before(line);
        all.push({ line, said: await typed(line.replaceAll("/tmp/aios-try", aios.home)) });
      }
      return all;
    },
    async [Symbol.asyncDispose]() {
      shell.stdin.end();
      const more = readdirSync(dirname(aios.home)).filter((other) => other.startsWith(`${basename(aios.home)}-`));
      for (const home of more.map((other) => join(dirname(aios.home), other))) {
        await aios.run(["--home", home, "down"]);
        rmSync(home, { recursive: true });
      }
      await aios[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Each block of TypeScript names its file in its first line. */
function writePrograms(page: string, folder: string): void {
  mkdirSync(join(folder, "node_modules/@aiosjs"), { recursive: true });
  symlinkSync(sdk, join(folder, "node_modules/@aiosjs/sdk"), "dir");
  for (const [, file = "", code = ""] of page.matchAll(/```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)```/g))
    writeFileSync(join(folder, file), code);
}

/** `aios` as it would be installed, and the SDK from source. */
function environment(folder: string, home: string): NodeJS.ProcessEnv {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "aios"), `#!/bin/sh\nexec node --conditions=aios-source ${main} "$@"\n`);
  chmodSync(join(bin, "aios"), 0o755);
  const { AIOS_URL: _url, AIOS_KEY: _key, AIOS_PID: _pid, ...own } = process.env;
  return {
    ...own,
    PATH: [bin, dirname(process.execPath), own["PATH"]].join(":"),
    AIOS_HOME: home,
    AIOS_LANG: "en",
    AIOS_SERVER_PORT: "0",
    NODE_OPTIONS: "--conditions=aios-source",
    NO_COLOR: "1",
    OLLAMA_HOST: "127.0.0.1:9",
  };
}

/** The lines to type in a section, without what is said about them. */
function linesOf(page: string, section: string): string[] {
  const [, text = ""] = page.split(`\n## ${section}\n`);
  const [own = ""] = text.split("\n## ");
  const fences = [...own.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, fence = ""]) => fence);
  return fences.flatMap((fence) => fence.trim().split("\n")).map((line) => line.replace(/\s+#.*$/, ""));
}
