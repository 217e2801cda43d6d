// The thread of one command: an interpreter in WebAssembly that is given functions for text and nothing else.
// It imports no errors of the protocol's: what they are made with takes longer to load than the interpreter.
import { parentPort, workerData } from "node:worker_threads";
import type * as QuickJs from "quickjs-emscripten";
import { faultOf, pathInHome } from "./home-files.ts";
import type { HomeBounds } from "./home-files.ts";
import type { Report, Setup } from "./wire.ts";

/** Of the interpreter's own stack: well below what WebAssembly's has, whose overflow would end the thread. */
const stackBytes = 512 * 1024;

/** What programs find, made of the host's functions inside the interpreter; those go out of reach with it. */
const prelude = `(({ write, read, put, list, remove, input, exit }, given) => {
  const { stringify } = JSON, text = String, { apply } = Reflect, { map, join } = Array.prototype;
  const show = (value) => {
    if (typeof value === "string") return value;
    if (value instanceof Error) return text(value) + "\\n" + text(value.stack);
    try { return (typeof value === "object" && value !== null && stringify(value)) || text(value); } catch { return "[object]"; }
  };
  const to = (stream) => (...values) => write(stream, apply(join, apply(map, values, [show]), [" "]) + "\\n");
  const out = to("stdout"), err = to("stderr");
  const { args, env, cwd } = JSON.parse(given);
  Object.assign(globalThis, {
    print: out, args, env, cwd,
    write: (content) => write("stdout", text(content)),
    exit: (code = 0) => exit(text(code)),
    console: { log: out, info: out, debug: out, warn: err, error: err },
    files: {
      read: (path) => read(text(path)), write: (path, content) => put(text(path), text(content)),
      list: () => JSON.parse(list()), remove: (path) => remove(text(path)),
    },
  });
  Object.defineProperty(globalThis, "stdin", { get: () => input(), configurable: true });
})`;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

async function run(setup: Setup): Promise<void> {
  const library = (await import(setup.library)) as typeof QuickJs;
  const engine = await library.newQuickJSWASMModule(library.RELEASE_SYNC);
  const runtime = engine.newRuntime({ memoryLimitBytes: setup.memoryBytes, maxStackSizeBytes: stackBytes });
  const context = runtime.newContext();
  const output = new Output(setup.outputBytes);
  const home = new Home(setup);

  /** A host function of texts. What it throws is thrown inside, as an error of the interpreter's own. */
  const give = (call: (first: string, second: string) => string | undefined): QuickJs.QuickJSHandle =>
    context.newFunction("", (first, second) => {
      const text = (handle: QuickJs.QuickJSHandle | undefined): string => (handle ? context.getString(handle) : "");
      try {
        const said = call(text(first), text(second));
        return said === undefined ? context.undefined : context.newString(said);
      } catch (cause) {
        return { error: context.newError(cause instanceof Error ? cause.message : "failed") };
      }
    });
  let exitCode: number | undefined;
  // What is thrown can be caught, and then goes on; an interrupt cannot.
  runtime.setInterruptHandler(() => exitCode !== undefined);
  const functions = context.newObject();
  context.setProp(
    functions,
    "write",
    give((stream, text) => output.say(stream === "stderr" ? "stderr" : "stdout", text)),
  );
  context.setProp(
    functions,
    "read",
    give((path) => home.read(path)),
  );
  context.setProp(
    functions,
    "put",
    give((path, text) => home.write(path, text)),
  );
  context.setProp(
    functions,
    "list",
    give(() => JSON.stringify(home.paths())),
  );
  context.setProp(
    functions,
    "remove",
    give((path) => home.remove(path)),
  );
  context.setProp(
    functions,
    "input",
    give(() => setup.input),
  );
  const exit = (code: string): never => {
    exitCode = Number(code) & 255;
    throw new Error("exit");
  };
  context.setProp(functions, "exit", give(exit));
  const { args, environment: env, folder: cwd } = setup;
  const given = context.newString(JSON.stringify({ args, env, cwd }));

  let isOutOfMemory = false;
  const fails = (error: QuickJs.QuickJSHandle): false => {
    if (exitCode !== undefined) return false;
    const said: unknown = context.dump(error);
    const { name, message, stack } = isRecord(said) ? said : { message: said };
    isOutOfMemory ||= name === "InternalError" && message === "out of memory";
    const kind = typeof name === "string" ? `${name}: ` : "thrown: ";
    const at = typeof stack === "string" ? stack : "";
    output.say("stderr", `${kind}${typeof message === "string" ? message : JSON.stringify(said)}\n${at}`);
    return false;
  };
  const attempt = (): boolean => {
    const equip = context.evalCode(prelude, "prelude");
    if (equip.error) return fails(equip.error);
    const equipped = context.callFunction(equip.value, context.undefined, functions, given);
    if (equipped.error) return fails(equipped.error);
    const outcome = context.evalCode(setup.code, setup.name);
    if (outcome.error) return fails(outcome.error);
    const jobs = runtime.executePendingJobs();
    if (jobs.error) return fails(jobs.error);
    // Code that ends with a promise ends as the promise does.
    const settled = context.getPromiseState(outcome.value);
    return settled.type === "rejected" ? fails(settled.error) : true;
  };
  const isDone = attempt();
  const code = exitCode ?? (isDone ? 0 : 1);
  report({ is: "ended", code, isOutOfMemory, droppedBytes: output.droppedBytes, changed: home.changed });
}

const report = (said: Report): void => parentPort?.postMessage(said);

class Output {
  droppedBytes = 0;
  #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  say(stream: "stdout" | "stderr", text: string): undefined {
    const all = new TextEncoder().encode(text);
    const bytes = all.slice(0, this.#room);
    this.#room -= bytes.length;
    this.droppedBytes += all.length - bytes.length;
    if (bytes.length > 0) report({ is: "output", stream, bytes });
  }
}

class Home {
  readonly changed = new Map<string, Uint8Array | undefined>();
  readonly #files: Map<string, Uint8Array>;
  readonly #bounds: HomeBounds;
  readonly #folder: string;

  constructor({ files, folder, fileBytes, homeBytes }: Setup) {
    this.#files = new Map(files);
    this.#folder = folder;
    this.#bounds = { fileBytes, homeBytes };
  }

  paths(): readonly string[] {
    return [...this.#files.keys()].toSorted();
  }

  read(path: string): string {
    const bytes = this.#files.get(this.#at(path));
    if (!bytes) throw new Error(`ENOENT: there is no file ${path}`);
    return new TextDecoder().decode(bytes);
  }

  write(path: string, text: string): undefined {
    const to = this.#at(path);
    const bytes = new TextEncoder().encode(text);
    const fault = faultOf(this.#files, { path: to, sizeBytes: bytes.length, bounds: this.#bounds });
    if (fault) throw new Error(`${fault.code}: ${fault.message}`);
    this.#files.set(to, bytes);
    this.changed.set(to, bytes);
  }

  remove(path: string): undefined {
    const gone = this.#at(path);
    if (!this.#files.delete(gone)) throw new Error(`ENOENT: there is no file ${path}`);
    this.changed.set(gone, undefined);
  }

  #at(path: string): string {
    const found = pathInHome(path, this.#folder);
    if (found === undefined) throw new Error(`EINVAL: "${path}" is no file below the home folder`);
    return found;
  }
}

if (parentPort) await run(workerData as Setup);
